import { transportPacket, type IpPacket } from "./ip.js";

/** ICMPv6 types of neighbour discovery (RFC 4861, 4.3 and 4.4). */
export const neighbourTypes = { solicitation: 135, advertisement: 136 } as const;

/** Messages from beyond a router do not count (7.1). */
export const neighbourHops = 255;

const options = { sourceMac: 1, targetMac: 2 } as const;
const flags = { router: 0x80, solicited: 0x40, override: 0x20 } as const;

export interface NeighbourMessage {
  readonly isSolicitation: boolean;
  readonly target: Uint8Array;
  /** Of the sender, or of the target; undefined where the message does not tell. */
  readonly mac: Uint8Array | undefined;
}

/** Undefined for other messages, and for such as have to be thrown away (RFC 4861, 7.1). */
export function readNeighbourMessage({ bytes, headerBytes, hops }: IpPacket): NeighbourMessage | undefined {
  const message = bytes.subarray(headerBytes);
  const isSolicitation = message[0] === neighbourTypes.solicitation;
  if (!isSolicitation && message[0] !== neighbourTypes.advertisement) return undefined;
  if (message.length < 24 || hops !== neighbourHops || message[1] !== 0) return undefined;
  const wanted = isSolicitation ? options.sourceMac : options.targetMac;
  let mac: Uint8Array | undefined;
  for (let at = 24; at + 1 < message.length;) {
    const length = 8 * message[at + 1]!;
    if (length === 0 || at + length > message.length) return undefined;
    if (message[at] === wanted) mac = message.slice(at + 2, at + 8);
    at += length;
  }
  return { isSolicitation, target: message.slice(8, 24), mac };
}

/** Who has `target`? To the group of all whose addresses end like it (RFC 4291, 2.7.1). */
export function solicitation(mac: Uint8Array, source: Uint8Array, target: Uint8Array): Uint8Array {
  const group = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.subarray(13));
  const message = messageOf(neighbourTypes.solicitation, 0, target, options.sourceMac, mac);
  return transportPacket(source, group, "icmp", message, { hops: neighbourHops });
}

/** The Ethernet address of an IPv6 group (RFC 2464, 7). */
export function groupMac(group: Uint8Array): Uint8Array {
  return Uint8Array.of(0x33, 0x33, ...group.subarray(12));
}

/** The answer to a solicitation; its own address is told to who asked a group. */
export function advertisement(
  mac: Uint8Array,
  asked: Pick<IpPacket, "source" | "destination">,
  target: Uint8Array,
  isRouter: boolean,
): Uint8Array {
  const told = asked.destination[0] === 0xff ? mac : undefined;
  const bits = flags.solicited | flags.override | (isRouter ? flags.router : 0);
  const message = messageOf(neighbourTypes.advertisement, bits, target, options.targetMac, told);
  return transportPacket(target, asked.source, "icmp", message, { hops: neighbourHops });
}

function messageOf(
  type: number,
  bits: number,
  target: Uint8Array,
  option: number,
  mac: Uint8Array | undefined,
): Uint8Array {
  const message = new Uint8Array(mac ? 32 : 24);
  message[0] = type;
  message[4] = bits;
  message.set(target, 8);
  if (mac) message.set([option, 1, ...mac], 24);
  return message;
}
