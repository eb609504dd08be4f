import { onesComplementSum } from "../packet/sum.js";
import { extensions, u16, write16 } from "./headers.js";

const tcp = 6;
const udp = 17;
const icmp = 1;
const icmpv6 = 58;

const fragmentHeader = 44;

/** What a packet's IP and transport headers need to have right lengths and checksums. */
export interface Repair {
  /** Also IPv4's and IPv6's total length, UDP's length; otherwise checksums alone. */
  readonly lengths: boolean;
}

/**
 * Gives an Ethernet frame right checksums, and right lengths where these are wanted, in `bytes` itself: headers of
 * IPv4 and IPv6 with options and extension headers, TCP, UDP, ICMP, and these again inside of IP-in-IP. `settle` of
 * packet/ does it for every protocol there is, in a hundred times the time; a fuzzer does it hundreds of thousands of
 * times a second. Where headers are cut off it leaves off.
 */
export function repairFrame(bytes: Uint8Array, size: number, repair: Repair): void {
  let at = 12;
  let type = u16(bytes, at);
  for (at += 2; (type === 0x8100 || type === 0x88a8) && at + 4 <= size; at += 4) type = u16(bytes, at + 2);
  if (type === 0x0800) repairIpv4(bytes, at, size, repair);
  if (type === 0x86dd) repairIpv6(bytes, at, size, repair);
}

/** As `repairFrame`, for a packet that begins with its IP header. */
export function repairPacket(bytes: Uint8Array, size: number, repair: Repair): void {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) repairIpv4(bytes, 0, size, repair);
  if (version === 6) repairIpv6(bytes, 0, size, repair);
}

function repairIpv4(bytes: Uint8Array, at: number, size: number, repair: Repair): void {
  const headerBytes = (bytes[at]! & 15) * 4;
  if (headerBytes < 20 || at + headerBytes > size) return;
  if (repair.lengths) write16(bytes, at + 2, size - at);
  const end = Math.min(size, at + Math.max(u16(bytes, at + 2), headerBytes));
  const isFragment = (u16(bytes, at + 6) & 0x3fff) !== 0;
  const protocol = bytes[at + 9]!;
  if (!isFragment) {
    const pseudo = { sum: onesComplementSum(bytes.subarray(at + 12, at + 20)), zeroMeansNone: true };
    repairContent(bytes, at + headerBytes, end, protocol, pseudo, repair);
  }
  write16(bytes, at + 10, 0);
  write16(bytes, at + 10, ~onesComplementSum(bytes.subarray(at, at + headerBytes)));
}

function repairIpv6(bytes: Uint8Array, at: number, size: number, repair: Repair): void {
  if (at + 40 > size) return;
  if (repair.lengths) write16(bytes, at + 4, size - at - 40);
  const end = Math.min(size, at + 40 + u16(bytes, at + 4));
  let next = bytes[at + 6]!;
  let content = at + 40;
  for (; extensions.has(next) && content + 8 <= end; content += 8 * (bytes[content + 1]! + 1)) next = bytes[content]!;
  if (next === fragmentHeader || content > end) return;
  const pseudo = { sum: onesComplementSum(bytes.subarray(at + 8, at + 40)), zeroMeansNone: false };
  repairContent(bytes, content, end, next, pseudo, repair);
}

/** The sum over the addresses, and whether UDP may do without a checksum. */
interface Pseudo {
  readonly sum: number;
  readonly zeroMeansNone: boolean;
}

function repairContent(
  bytes: Uint8Array,
  at: number,
  end: number,
  protocol: number,
  pseudo: Pseudo,
  repair: Repair,
): void {
  switch (protocol) {
    case 4:
      return repairIpv4(bytes, at, end, repair);
    case 41:
      return repairIpv6(bytes, at, end, repair);
    case tcp:
      if (at + 20 <= end) sum(bytes, at, end, at + 16, pseudo.sum + tcp + end - at);
      return;
    case udp: {
      if (at + 8 > end) return;
      if (repair.lengths) write16(bytes, at + 4, end - at);
      const length = u16(bytes, at + 4);
      if (length < 8 || at + length > end) return;
      // RFC 768: none, which a sender over IPv4 may choose.
      if (pseudo.zeroMeansNone && u16(bytes, at + 6) === 0) return;
      sum(bytes, at, at + length, at + 6, pseudo.sum + udp + length);
      if (u16(bytes, at + 6) === 0) write16(bytes, at + 6, 0xffff);
      return;
    }
    case icmp:
      if (at + 4 <= end) sum(bytes, at, end, at + 2, 0);
      return;
    case icmpv6:
      if (at + 4 <= end) sum(bytes, at, end, at + 2, pseudo.sum + icmpv6 + end - at);
      return;
    default:
  }
}

function sum(bytes: Uint8Array, from: number, to: number, field: number, pseudo: number): void {
  write16(bytes, field, 0);
  write16(bytes, field, ~onesComplementSum(bytes.subarray(from, to), pseudo));
}
