import type { DataType } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { addressSizeBytes } from "./address.js";
import { typeName } from "./fields.js";
import { rangeOf, writeInteger, type IntegerPlace } from "./integer.js";
import type { Sink } from "./sink.js";
import { integerOf, networkOrderNumber, show, suggest } from "./written.js";

/** A number of any integer type, `{be: 80}`, true and false for bools and flags, one character for chars. */
export function putInteger(
  sink: Sink,
  type: DataType & { kind: "int" },
  offsetBits: number,
  written: Written,
  bitfieldBits: number | undefined,
): void {
  const { signed, bigEndian } = type;
  const sizeBits = bitfieldBits ?? type.sizeBytes * 8;
  const place = { offsetBits, sizeBits, signed, bigEndian: bigEndian && bitfieldBits === undefined };
  const value = written.kind === "scalar" ? written.value : undefined;
  if (type.encoding === "bool") return putBool(sink, place, written);
  if (type.encoding === "char" && typeof value === "string")
    return putText(sink, type, offsetBits, value, written.span);
  if (typeof value === "boolean" && sizeBits > 1)
    return sink.problem(written.span, `${typeName(type)} is a number, not ${value}`, "write 1 or 0");
  if (typeof value === "boolean") return writeInteger(sink.bytes, place, BigInt(value));
  const meant = networkOrderNumber(written);
  if (!meant) return putNumber(sink, place, written, typeName(type));
  if (bitfieldBits !== undefined) return sink.problem(written.span, "a bit-field has no byte order: write a number");
  putNumber(sink, { ...place, bigEndian: true }, meant, typeName(type));
}

function putBool(sink: Sink, place: IntegerPlace, written: Written): void {
  const value = written.kind === "scalar" ? written.value : undefined;
  if (value === true || value === false || value === 0 || value === 1 || value === 0n || value === 1n)
    return writeInteger(sink.bytes, place, BigInt(value));
  sink.problem(written.span, `${show(written)} is not a bool`, "write true or false");
}

/** An enumerator's name, or any number that fits: C's flags are often enums whose sums have no name. */
export function putEnum(
  sink: Sink,
  type: DataType & { kind: "enum" },
  offsetBits: number,
  written: Written,
  bitfieldBits: number | undefined,
): void {
  const sizeBits = bitfieldBits ?? type.sizeBytes * 8;
  const place = { offsetBits, sizeBits, signed: type.signed, bigEndian: false };
  if (written.kind !== "scalar" || typeof written.value !== "string")
    return putNumber(sink, place, written, typeName(type));
  const found = type.values.find(({ name }) => name === written.value);
  if (found) return writeInteger(sink.bytes, place, found.value);
  const names = type.values.map(({ name }) => name);
  sink.problem(written.span, `${typeName(type)} has no '${written.value}'`, suggest(written.value, names));
}

export function putNumber(sink: Sink, place: IntegerPlace, written: Written, what: string): void {
  const value = integerOf(written);
  if (value === undefined) {
    const address = written.kind === "scalar" ? addressSizeBytes(String(written.value)) : undefined;
    const size = `an address of ${address} bytes goes into ${address} bytes; this has ${place.sizeBits / 8}`;
    return sink.problem(
      written.span,
      `${show(written)} is not a number, which ${what} needs`,
      address === undefined ? undefined : size,
    );
  }
  const { min, max } = rangeOf(place.sizeBits, place.signed);
  if (value < min || value > max)
    return sink.problem(
      written.span,
      `${value} does not fit into ${what} (${place.sizeBits} bits)`,
      `it has to be from ${min} to ${max}`,
    );
  writeInteger(sink.bytes, place, value);
}

export function putFloat(sink: Sink, type: DataType & { kind: "float" }, offsetBits: number, written: Written): void {
  if (written.kind !== "scalar" || (typeof written.value !== "number" && typeof written.value !== "bigint"))
    return sink.problem(written.span, `${show(written)} is not a number, which ${typeName(type)} needs`);
  const view = new DataView(sink.bytes.buffer, sink.bytes.byteOffset + offsetBits / 8);
  if (type.sizeBytes === 4) view.setFloat32(0, Number(written.value), true);
  else view.setFloat64(0, Number(written.value), true);
}

/** UTF-8, filled up with NULs; as in C, text that fills the array has none. */
export function putText(sink: Sink, type: DataType, offsetBits: number, text: string, span: Span): void {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length > type.sizeBytes)
    return sink.problem(span, `'${text}' has ${encoded.length} bytes; ${typeName(type)} holds ${type.sizeBytes}`);
  sink.bytes.fill(0, offsetBits / 8, offsetBits / 8 + type.sizeBytes);
  sink.bytes.set(encoded, offsetBits / 8);
}
