import { internetChecksum, onesComplementSum } from "../../packet/sum.js";

export const protocols = { icmp: 1, icmpv6: 58 } as const;

/** An IPv4 or IPv6 packet behind its link-layer header, as far as a host looks at it to deliver or forward it. */
export interface IpPacket {
  readonly version: 4 | 6;
  readonly bytes: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly headerBytes: number;
  /** TTL or hop limit. */
  readonly hops: number;
  /** A piece of a packet. */
  readonly isFragment: boolean;
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
  return {
    version: 4,
    bytes: data.slice(0, length),
    source: data.slice(12, 16),
    destination: data.slice(16, 20),
    protocol: data[9]!,
    headerBytes,
    hops: data[8]!,
    isFragment: (((data[6]! << 8) | data[7]!) & 0x3fff) !== 0,
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
    hops: data[7]!,
    isFragment: data[6] === 44,
  };
}

/** A packet with one hop less; the header checksum follows. */
export function withOneHopLess({ version, bytes, headerBytes }: IpPacket): Uint8Array {
  const copy = bytes.slice();
  copy[version === 4 ? 8 : 7]! -= 1;
  if (version === 4) setChecksum(copy, 10, internetChecksum(withZeroes(copy.subarray(0, headerBytes), 10)));
  return copy;
}

/** A whole packet around an ICMP or ICMPv6 message, whose checksum is filled in. */
export function icmpPacket(source: Uint8Array, destination: Uint8Array, message: Uint8Array): Uint8Array {
  const isV4 = source.length === 4;
  const headerBytes = isV4 ? 20 : 40;
  const packet = new Uint8Array(headerBytes + message.length);
  const view = new DataView(packet.buffer);
  packet.set(message, headerBytes);
  setChecksum(packet, headerBytes + 2, icmpChecksum(source, destination, withZeroes(message, 2)));
  if (isV4) {
    packet[0] = 0x45;
    view.setUint16(2, packet.length);
    packet.set([64, protocols.icmp], 8);
    packet.set(source, 12);
    packet.set(destination, 16);
    setChecksum(packet, 10, internetChecksum(packet.subarray(0, headerBytes)));
  } else {
    packet[0] = 0x60;
    view.setUint16(4, message.length);
    packet.set([protocols.icmpv6, 64], 6);
    packet.set(source, 8);
    packet.set(destination, 24);
  }
  return packet;
}

/** Whether an ICMP message's checksum is right. */
export function isIntact({ source, destination, bytes, headerBytes }: IpPacket): boolean {
  const message = bytes.subarray(headerBytes);
  const stored = (message[2]! << 8) | message[3]!;
  return icmpChecksum(source, destination, withZeroes(message, 2)) === stored;
}

/** ICMPv6 has a pseudo-header (RFC 4443, 2.3), ICMP has none. */
function icmpChecksum(source: Uint8Array, destination: Uint8Array, message: Uint8Array): number {
  if (source.length === 4) return internetChecksum(message);
  const addresses = onesComplementSum(destination, onesComplementSum(source));
  return internetChecksum(message, addresses + message.length + protocols.icmpv6);
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
