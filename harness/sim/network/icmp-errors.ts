import { protocols, type IpPacket } from "./ip.js";

/** Type, code and the second word of an ICMP or ICMPv6 error message. */
export interface IcmpError {
  readonly type: number;
  readonly code: number;
  readonly word: number;
  /** Whether only so many of its kind go to one address: what is too large is always told. */
  readonly isLimited: boolean;
}

type Cause = "time" | "route" | "host" | "protocol" | "port" | "size";

/** RFC 792 and RFC 1191; RFC 4443, where an unknown protocol is a parameter problem at its field. */
const errors: Readonly<Record<4 | 6, Readonly<Record<Cause, readonly [type: number, code: number, word: number]>>>> = {
  4: { time: [11, 0, 0], route: [3, 0, 0], host: [3, 1, 0], protocol: [3, 2, 0], port: [3, 3, 0], size: [3, 4, 0] },
  6: { time: [3, 0, 0], route: [1, 0, 0], host: [1, 3, 0], protocol: [4, 1, 6], port: [1, 4, 0], size: [2, 0, 0] },
};

/** What a host says of a packet that it cannot carry on; `mtuBytes` where it is too large for the next link. */
export function icmpErrorFor(version: 4 | 6, cause: Cause, mtuBytes = 0): IcmpError {
  const [type, code, word] = errors[version][cause];
  return { type, code, word: cause === "size" ? mtuBytes : word, isLimited: cause !== "size" };
}

/**
 * Whether a packet may be answered by an error at all: no error is (RFC 1122, 3.2.2; RFC 4443, 2.4), nor a fragment
 * that is not the first, nor a packet whose sender is nobody.
 */
export function mayBeAnswered({ version, protocol, bytes, headerBytes, source, isLaterFragment }: IpPacket): boolean {
  if (isLaterFragment) return false;
  const type = bytes[headerBytes];
  if (version === 4) return protocol !== protocols.icmp || type === undefined || !errorTypes.has(type);
  if (source[0] === 0xff || source.every((byte) => byte === 0)) return false;
  return protocol !== protocols.icmpv6 || (type !== undefined && type >= 128);
}

/** ICMP messages that are errors, and redirects. */
const errorTypes: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

/** Bytes of the packet that an error quotes, as Linux does: up to 576 and 1280 bytes in all. */
const mostQuotedBytes = { 4: 576 - 20 - 8, 6: 1280 - 40 - 8 } as const;

/** The message, with its checksum still to be filled in. */
export function icmpErrorMessage({ version, bytes }: IpPacket, { type, code, word }: IcmpError): Uint8Array {
  const quoted = bytes.subarray(0, mostQuotedBytes[version]);
  const message = new Uint8Array(8 + quoted.length);
  message[0] = type;
  message[1] = code;
  new DataView(message.buffer).setUint32(4, word);
  message.set(quoted, 8);
  return message;
}

/** XRLIM_BURST_FACTOR and the default of net.ipv4.icmp_ratelimit. */
const burst = 6n;
const intervalNs = 1_000_000_000n;

/** How often errors go to one address: six at once, then one a second (inet_peer_xrlim_allow). */
export class ErrorLimit {
  readonly #peers = new Map<string, { tokensNs: bigint; atNs: bigint }>();

  /** Whether one may go now. */
  allows(destination: Uint8Array, nowNs: bigint): boolean {
    const key = destination.join(".");
    const peer = this.#peers.get(key) ?? { tokensNs: burst * intervalNs, atNs: nowNs };
    const saved = peer.tokensNs + nowNs - peer.atNs;
    const tokensNs = saved > burst * intervalNs ? burst * intervalNs : saved;
    const allowed = tokensNs >= intervalNs;
    this.#peers.set(key, { tokensNs: allowed ? tokensNs - intervalNs : tokensNs, atNs: nowNs });
    return allowed;
  }
}
