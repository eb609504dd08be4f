import { internetChecksum, onesComplementSum } from "../../packet/sum.js";

export const protocols = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmpv6: 58, none: 59 } as const;

/** An IPv4 or IPv6 packet behind its link-layer header, as far as a host looks at it to deliver or forward it. */
export interface IpPacket {
  readonly version: 4 | 6;
  readonly bytes: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly headerBytes: number;
  readonly trafficClass: number;
  /** TTL or hop limit. */
  readonly hops: number;
  /** A piece of a packet. */
  readonly isFragment: boolean;
  /** Not the one with the transport header. */
  readonly isLaterFragment: boolean;
  /** No router may take it to pieces, as none may with IPv6. */
  readonly dontFragment: boolean;
}

/** Undefined for what a host throws away: not IP, truncated, or with a wrong header checksum (RFC 1122, 3.2.1). */
export function readIp(etherType: number, data: Uint8Array): IpPacket | undefined {
  if (etherType === 0x0800) return readIpv4(data);
  return etherType === 0x86dd ? readIpv6(data) : undefined;
}

function readIpv4(data: Uint8Array): IpPacket | undefined {
  const headerBytes = (data[0]! & 15) * 4;
  const length = (data[2]! << 8) | data[3]!;
  if (data.length < 20 || data[0]! >> 4 !== 4 || headerBytes < 20 || length < headerBytes || length > data.length)
    return undefined;
  if (onesComplementSum(data.subarray(0, headerBytes)) !== 0xffff) return undefined;
  const fragment = (data[6]! << 8) | data[7]!;
  return {
    version: 4,
    bytes: data.slice(0, length),
    source: data.slice(12, 16),
    destination: data.slice(16, 20),
    protocol: data[9]!,
    headerBytes,
    trafficClass: data[1]!,
    hops: data[8]!,
    isFragment: (fragment & 0x3fff) !== 0,
    isLaterFragment: (fragment & 0x1fff) !== 0,
    dontFragment: (fragment & 0x4000) !== 0,
  };
}

function readIpv6(data: Uint8Array): IpPacket | undefined {
  const length = 40 + ((data[4]! << 8) | data[5]!);
  if (data.length < 40 || data[0]! >> 4 !== 6 || length > data.length) return undefined;
  return {
    version: 6,
    bytes: data.slice(0, length),
    source: data.slice(8, 24),
    destination: data.slice(24, 40),
    protocol: data[6]!,
    headerBytes: 40,
    trafficClass: ((data[0]! & 15) << 4) | (data[1]! >> 4),
    hops: data[7]!,
    isFragment: data[6] === 44,
    isLaterFragment: data[6] === 44 && (((data[42] ?? 0) << 8) | (data[43] ?? 0)) >= 8,
    dontFragment: true,
  };
}

/** A packet with one hop less; the header checksum follows. */
export function withOneHopLess({ version, bytes, headerBytes }: IpPacket): Uint8Array {
  const copy = bytes.slice();
  copy[version === 4 ? 8 : 7]! -= 1;
  if (version === 4) setChecksum(copy, 10, internetChecksum(withZeroes(copy.subarray(0, headerBytes), 10)));
  return copy;
}

interface HeaderFields {
  readonly trafficClass?: number;
  readonly dontFragment?: boolean;
  readonly hops?: number;
}

type Transport = "icmp" | "tcp";

/** Where the checksum of a transport header is. */
const checksumOffset: Readonly<Record<Transport, number>> = { icmp: 2, tcp: 16 };

/** A whole packet around a message or segment, whose checksum is filled in; ICMP becomes ICMPv6 by the addresses. */
export function transportPacket(
  source: Uint8Array,
  destination: Uint8Array,
  transport: Transport,
  payload: Uint8Array,
  { trafficClass = 0, dontFragment = false, hops = 64 }: HeaderFields = {},
): Uint8Array {
  const isV4 = source.length === 4;
  const headerBytes = isV4 ? 20 : 40;
  const packet = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(packet.buffer);
  const protocol = transport === "tcp" ? protocols.tcp : isV4 ? protocols.icmp : protocols.icmpv6;
  const at = checksumOffset[transport];
  packet.set(payload, headerBytes);
  setChecksum(packet, headerBytes + at, transportChecksum(source, destination, protocol, withZeroes(payload, at)));
  if (isV4) {
    packet.set([0x45, trafficClass]);
    view.setUint16(2, packet.length);
    view.setUint16(6, dontFragment ? 0x4000 : 0);
    packet.set([hops, protocol], 8);
    packet.set(source, 12);
    packet.set(destination, 16);
    setChecksum(packet, 10, internetChecksum(packet.subarray(0, headerBytes)));
  } else {
    view.setUint16(0, (6 << 12) | (trafficClass << 4));
    view.setUint16(4, payload.length);
    packet.set([protocol, hops], 6);
    packet.set(source, 8);
    packet.set(destination, 24);
  }
  return packet;
}

/** Whether the checksum of a message, segment or datagram is right. */
export function isIntact({ source, destination, protocol, bytes, headerBytes }: IpPacket): boolean {
  const payload = bytes.subarray(headerBytes);
  // A sum over everything, the checksum too, comes to 0.
  return transportChecksum(source, destination, protocol, payload) === 0;
}

/** All but ICMP have a pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1). */
function transportChecksum(source: Uint8Array, destination: Uint8Array, protocol: number, payload: Uint8Array): number {
  if (protocol === protocols.icmp) return internetChecksum(payload);
  const addresses = onesComplementSum(destination, onesComplementSum(source));
  return internetChecksum(payload, addresses + payload.length + protocol);
}

function withZeroes(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy.fill(0, at, at + 2);
  return copy;
}

function setChecksum(bytes: Uint8Array, at: number, checksum: number): void {
  bytes[at] = checksum >> 8;
  bytes[at + 1] = checksum & 0xff;
}
