/**
 * Big-endian unsigned integer at any bit offset. A number up to 53 bits wide, else a bigint.
 * The caller has checked that the bits are there.
 */
export function readUint(bytes: Uint8Array, offsetBits: number, sizeBits: number): number | bigint {
  if (sizeBits > 53) {
    const high = BigInt(readUint(bytes, offsetBits, sizeBits - 32));
    return (high << 32n) | BigInt(readUint(bytes, offsetBits + sizeBits - 32, 32));
  }
  let value = 0;
  const end = offsetBits + sizeBits;
  if (((offsetBits | sizeBits) & 7) === 0) {
    for (let at = offsetBits >> 3; at < end >> 3; at++) value = value * 256 + bytes[at]!;
    return value;
  }
  for (let bit = offsetBits; bit < end;) {
    const skipped = bit & 7;
    const taken = Math.min(8 - skipped, end - bit);
    const chunk = (bytes[bit >> 3]! >> (8 - skipped - taken)) & ((1 << taken) - 1);
    value = value * 2 ** taken + chunk;
    bit += taken;
  }
  return value;
}

/** The reverse of `readUint`; other bits of the bytes that are touched keep their value. */
export function writeUint(bytes: Uint8Array, offsetBits: number, sizeBits: number, value: number | bigint): void {
  if (sizeBits > 53) {
    const wide = BigInt(value);
    writeUint(bytes, offsetBits, sizeBits - 32, wide >> 32n);
    writeUint(bytes, offsetBits + sizeBits - 32, 32, wide & 0xffff_ffffn);
    return;
  }
  let rest = Number(value);
  for (let bit = offsetBits + sizeBits; bit > offsetBits;) {
    const used = ((bit - 1) & 7) + 1;
    const taken = Math.min(used, bit - offsetBits);
    const shift = 8 - used;
    const mask = ((1 << taken) - 1) << shift;
    const index = (bit - 1) >> 3;
    bytes[index] = (bytes[index]! & ~mask) | ((rest % 2 ** taken) << shift);
    rest = Math.floor(rest / 2 ** taken);
    bit -= taken;
  }
}
