import { onesComplementSum } from "../packet/sum.js";
import { oneOf, type Chance } from "./chance.js";
import { headersOf, u16, write16 } from "./headers.js";

const tcp = 6;
const udp = 17;

/** Kinds of TCP and IPv4 options that programs know, and one that nobody does. */
const kinds = { tcp: [0, 1, 2, 3, 4, 5, 8, 19, 253], ipv4: [0, 1, 7, 68, 131, 137, 148, 222] };
/** Right ones, ones that are too short for an option's own header, and ones that overrun. */
const lengths = [4, 2, 3, 10, 6, 8, 12, 0, 1, 5, 20, 40, 255];

/**
 * Gives TCP or IPv4 other options: a list of any, whose last may say that it goes on behind the end of the header.
 *
 * @returns the new size; the same where there is neither header, or no room
 */
export function writeOptions(bytes: Uint8Array, size: number, chance: Chance): number {
  const headers = headersOf(bytes, size);
  if (!headers) return size;
  const isTcp = headers.protocol === tcp && (headers.version === 6 || chance.below(3) > 0);
  if (!isTcp && headers.version === 6) return size;
  const header = isTcp ? headers.transport : headers.network;
  const sizeAt = isTcp ? header + 12 : header;
  const shift = isTcp ? 4 : 0;
  const from = header + 20;
  if (from > size) return size;
  const end = Math.min(size, header + ((bytes[sizeAt]! >> shift) & 15) * 4);
  const words = chance.below(4) === 0 ? chance.below(11) : chance.below(4);
  const grown = size + words * 4 - Math.max(0, end - from);
  if (end < from || grown > bytes.length) return size;
  bytes.copyWithin(from + words * 4, end, size);
  bytes[sizeAt] = (bytes[sizeAt]! & (0xf0 >> shift)) | ((5 + words) << shift);
  fill(bytes, from, from + words * 4, isTcp ? kinds.tcp : kinds.ipv4, chance);
  return grown;
}

function fill(bytes: Uint8Array, from: number, to: number, known: readonly number[], chance: Chance): void {
  for (let at = from; at < to;) {
    const kind = oneOf(chance, known);
    bytes[at++] = kind;
    if (kind < 2 || at === to) continue;
    const length = lengths[chance.below(chance.below(2) === 0 ? 3 : lengths.length)]!;
    bytes[at++] = length;
    for (let left = length - 2; left > 0 && at < to; left--) bytes[at++] = chance.below(256);
  }
}

/** Sums at which carries are lost, or which mean something else. */
const rareSums = [0xfffe, 0x0000, 0x0001, 0x00ff, 0xff00, 0xfeff, 0xfffd];

/**
 * Has a right checksum come out as a rare one: IPv4's by its identification, TCP's by its sequence number, UDP's by
 * the first bytes of its payload. One in thousands of packets has such a sum by chance.
 */
export function steerChecksum(bytes: Uint8Array, size: number, chance: Chance): void {
  const headers = headersOf(bytes, size);
  if (!headers) return;
  const { version, network, protocol, transport } = headers;
  const wanted = oneOf(chance, rareSums);
  if (version === 4 && chance.below(2) === 0) {
    if (transport <= size)
      steer(bytes, { from: network, to: transport, sumAt: network + 10, freeAt: network + 4 }, wanted);
    return;
  }
  const from = network + (version === 4 ? 12 : 8);
  const pseudo = onesComplementSum(bytes.subarray(from, network + (version === 4 ? 20 : 40)), protocol);
  if (protocol === tcp && transport + 20 <= size)
    steer(
      bytes,
      { from: transport, to: size, sumAt: transport + 16, freeAt: transport + 4 },
      wanted,
      pseudo + size - transport,
    );
  if (protocol !== udp || transport + 10 > size) return;
  const length = u16(bytes, transport + 4);
  const end = transport + length;
  if (length >= 10 && end <= size)
    steer(
      bytes,
      { from: transport, to: end, sumAt: transport + 6, freeAt: transport + 8 },
      wanted || 0xffff,
      pseudo + length,
    );
}

interface Summed {
  readonly from: number;
  readonly to: number;
  readonly sumAt: number;
  /** A word that nothing else depends on. */
  readonly freeAt: number;
}

function steer(bytes: Uint8Array, { from, to, sumAt, freeAt }: Summed, wanted: number, pseudo = 0): void {
  write16(bytes, sumAt, wanted);
  write16(bytes, freeAt, 0);
  write16(bytes, freeAt, ~onesComplementSum(bytes.subarray(from, to), pseudo));
}
