import { harnessError } from "../model/error.js";
import type { DataType } from "../model/object.js";
import type { FieldValue } from "../model/packet.js";
import { fieldsOf, isByteArray, isCharArray } from "./fields.js";
import { canonical, readInteger } from "./integer.js";

/**
 * Bytes as a value: structs and unions as records (members of anonymous ones as their parent's), enums
 * by name where the number has one, char arrays as text where they are text, byte arrays and what has
 * no type as bytes, numbers beyond 53 bits as bigint.
 *
 * @throws HarnessError "internal" where there are fewer bytes than the type has.
 */
export function decodeData(type: DataType | undefined, bytes: Uint8Array): FieldValue {
  if (!type) return bytes.slice();
  requireBytes(type, bytes);
  return decodeAt(type, bytes, 0);
}

export function requireBytes(type: DataType, bytes: Uint8Array): void {
  if (bytes.length < type.sizeBytes)
    throw harnessError("internal", `${bytes.length} bytes for a value of ${type.sizeBytes} bytes`);
}

function decodeAt(type: DataType, bytes: Uint8Array, offsetBits: number, bitfieldBits?: number): FieldValue {
  switch (type.kind) {
    case "struct":
    case "union": {
      const members = fieldsOf(type).map((field): [string, FieldValue] => [
        field.name,
        decodeAt(field.type, bytes, offsetBits + field.offsetBits, field.bitfieldBits),
      ]);
      return Object.fromEntries(members);
    }
    case "array": {
      if (isCharArray(type)) return textOf(partOf(type, bytes, offsetBits)) ?? partOf(type, bytes, offsetBits).slice();
      if (isByteArray(type)) return partOf(type, bytes, offsetBits).slice();
      const elementBits = type.element.sizeBytes * 8;
      return Array.from({ length: type.length }, (_, i) => decodeAt(type.element, bytes, offsetBits + i * elementBits));
    }
    case "enum": {
      const value = leafValue(type, bytes, offsetBits, bitfieldBits);
      return type.values.find((candidate) => candidate.value === BigInt(value as number))?.name ?? value;
    }
    default:
      return leafValue(type, bytes, offsetBits, bitfieldBits);
  }
}

/** A value without members. */
export type LeafValue = number | bigint | boolean | string | Uint8Array;

/** A value without members as patterns compare it: enums as numbers, char arrays as text, the rest as bytes. */
export function leafValue(type: DataType, bytes: Uint8Array, offsetBits: number, bitfieldBits?: number): LeafValue {
  switch (type.kind) {
    case "int":
    case "enum": {
      const bigEndian = type.kind === "int" && type.bigEndian && bitfieldBits === undefined;
      const sizeBits = bitfieldBits ?? type.sizeBytes * 8;
      const value = canonical(readInteger(bytes, { offsetBits, sizeBits, signed: type.signed, bigEndian }));
      const isBool = type.kind === "int" && type.encoding === "bool";
      return isBool && (value === 0 || value === 1) ? value === 1 : value;
    }
    case "pointer":
      return canonical(readInteger(bytes, { offsetBits, sizeBits: 64, signed: false, bigEndian: false }));
    case "float": {
      const view = new DataView(bytes.buffer, bytes.byteOffset + offsetBits / 8);
      return type.sizeBytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    }
    default: {
      const part = partOf(type, bytes, offsetBits);
      return (isCharArray(type) ? textOf(part) : undefined) ?? part.slice();
    }
  }
}

export function partOf(type: DataType, bytes: Uint8Array, offsetBits: number): Uint8Array {
  return bytes.subarray(offsetBits / 8, offsetBits / 8 + type.sizeBytes);
}

/** Text up to the first NUL; undefined where the bytes are no UTF-8 or something follows the NUL. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
  try {
    return decoder.decode(text);
  } catch {
    return undefined;
  }
}

// A byte order mark is a character like any other.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
