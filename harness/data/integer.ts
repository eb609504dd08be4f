/** An integer of any width in memory: the little-endian order of the machines that run BPF, or network order. */
export interface IntegerPlace {
  readonly offsetBits: number;
  readonly sizeBits: number;
  readonly signed: boolean;
  /** Only for whole bytes: clang lays out bit-fields in the machine's order. */
  readonly bigEndian: boolean;
}

export function readInteger(bytes: Uint8Array, place: IntegerPlace): bigint {
  const { offsetBits, sizeBits, signed, bigEndian } = place;
  const first = Math.floor(offsetBits / 8);
  const last = Math.ceil((offsetBits + sizeBits) / 8);
  const bytesUsed = bytes.slice(first, last);
  if (!bigEndian) bytesUsed.reverse();
  let value = 0n;
  for (const byte of bytesUsed) value = (value << 8n) | BigInt(byte);
  value >>= BigInt(offsetBits % 8);
  return signed ? BigInt.asIntN(sizeBits, value) : BigInt.asUintN(sizeBits, value);
}

/** Bits beyond the width are dropped; bits around a bit-field stay as they are. */
export function writeInteger(bytes: Uint8Array, place: IntegerPlace, value: bigint): void {
  const { offsetBits, sizeBits, bigEndian } = place;
  const first = Math.floor(offsetBits / 8);
  const last = Math.ceil((offsetBits + sizeBits) / 8);
  const shift = BigInt(offsetBits % 8);
  const mask = ((1n << BigInt(sizeBits)) - 1n) << shift;
  const wanted = BigInt.asUintN(sizeBits, value) << shift;
  for (let i = first; i < last; i++) {
    const bits = BigInt(8 * (bigEndian ? last - 1 - i : i - first));
    const keep = 0xff & ~Number((mask >> bits) & 0xffn);
    bytes[i] = (bytes[i]! & keep) | Number((wanted >> bits) & 0xffn);
  }
}

export function rangeOf(sizeBits: number, signed: boolean): { readonly min: bigint; readonly max: bigint } {
  const span = 1n << BigInt(signed ? sizeBits - 1 : sizeBits);
  return { min: signed ? -span : 0n, max: span - 1n };
}

/** A number up to 53 bits, a bigint beyond: the canonical form of FieldValue. */
export function canonical(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
