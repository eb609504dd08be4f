import type { DataType } from "../model/object.js";
import { fieldsOf, isByteArray } from "./fields.js";
import { readInteger, writeInteger, type IntegerPlace } from "./integer.js";

/**
 * Adds the values that the CPUs hold for one key: integers modulo their width, as C would; what is no
 * quantity (byte arrays, numbers in network order, text, enums, bools, pointers) is taken from the first CPU.
 * Without a type, a value is taken for 64-bit counters, or one 32-bit counter where it has 4 bytes.
 */
export function sumData(type: DataType | undefined, values: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = values;
  if (!first) return new Uint8Array(type?.sizeBytes ?? 0);
  const sum = first.slice();
  const places = type ? integersOf(type, 0, undefined) : untypedIntegers(first.length);
  for (const place of places) {
    const total = rest.reduce((acc, value) => acc + readInteger(value, place), readInteger(first, place));
    writeInteger(sum, place, total);
  }
  return sum;
}

function integersOf(type: DataType, offsetBits: number, bitfieldBits: number | undefined): readonly IntegerPlace[] {
  switch (type.kind) {
    case "int": {
      if (type.encoding !== "integer" || type.bigEndian) return [];
      const { signed, sizeBytes } = type;
      return [{ offsetBits, sizeBits: bitfieldBits ?? sizeBytes * 8, signed, bigEndian: false }];
    }
    case "struct":
    case "union": {
      // Of members that share their bytes only the first is added, or they would be added twice.
      const fields = fieldsOf(type).filter(({ alternatives }) => alternatives.every(({ index }) => index === 0));
      return fields.flatMap((field) => integersOf(field.type, offsetBits + field.offsetBits, field.bitfieldBits));
    }
    case "array": {
      if (isByteArray(type)) return [];
      const elementBits = type.element.sizeBytes * 8;
      return Array.from({ length: type.length }, (_, i) =>
        integersOf(type.element, offsetBits + i * elementBits, undefined),
      ).flat();
    }
    default:
      return [];
  }
}

function untypedIntegers(sizeBytes: number): readonly IntegerPlace[] {
  const sizeBits = sizeBytes % 8 === 0 ? 64 : sizeBytes === 4 ? 32 : 0;
  if (sizeBits === 0) return [];
  return Array.from({ length: (sizeBytes * 8) / sizeBits }, (_, i) => ({
    offsetBits: i * sizeBits,
    sizeBits,
    signed: false,
    bigEndian: false,
  }));
}
