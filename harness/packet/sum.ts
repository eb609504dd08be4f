/**
 * 16-bit ones' complement sum with end-around carry (RFC 1071 §1), not inverted. `initial` is a sum
 * to go on from; an odd last byte counts as the high half of a word.
 */
export function onesComplementSum(bytes: Uint8Array, initial = 0): number {
  let sum = initial;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (even < bytes.length) sum += bytes[even]! << 8;
  // 64 KiB of 0xffff stay far below 2^53, so carries can be folded at the end.
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

/** The Internet checksum (RFC 1071): the inverted sum, over bytes whose checksum field is zero. */
export function internetChecksum(bytes: Uint8Array, initial = 0): number {
  return ~onesComplementSum(bytes, initial) & 0xffff;
}

/** RFC 1624 eqn. 3, HC' = ~(~HC + ~m + m'): a checksum after one 16-bit word changed from `before` to `after`. */
export function incrementalUpdate(checksum: number, before: number, after: number): number {
  let sum = (~checksum & 0xffff) + (~before & 0xffff) + after;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
