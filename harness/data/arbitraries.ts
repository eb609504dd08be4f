import fc from "fast-check";
import type { DataType } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { fieldsOf, isByteArray, isCharArray } from "./fields.js";
import { rangeOf } from "./integer.js";

/** Data as JavaScript has it; what `writtenOf` takes. */
export type Plain = string | number | bigint | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** A value as if it stood in a file, every part on a line of its own, so that spans can be told apart. */
export function writtenOf(plain: Plain, lines = { next: 1 }): Written {
  const line = lines.next++;
  const position = { line, column: 1, offset: line };
  const span: Span = { file: "test.yml", start: position, end: position };
  if (Array.isArray(plain)) return { kind: "list", items: plain.map((item: Plain) => writtenOf(item, lines)), span };
  if (typeof plain !== "object" || plain === null) return { kind: "scalar", value: plain, span };
  const entries = Object.entries(plain).map(([key, value]: [string, Plain]) => {
    const written = writtenOf(value, lines);
    return { key, keySpan: written.span, value: written };
  });
  return { kind: "map", entries, span };
}

/** Ints as clang describes them. */
export function intType(name: string, sizeBytes: number, more: Partial<DataType & { kind: "int" }> = {}): DataType {
  return { kind: "int", name, sizeBytes, signed: false, encoding: "integer", bigEndian: false, ...more };
}

const leaves: fc.Arbitrary<DataType> = fc.constantFrom<DataType>(
  intType("__u8", 1),
  intType("__u16", 2),
  intType("__u32", 4),
  intType("__u64", 8),
  intType("__s8", 1, { signed: true }),
  intType("int", 4, { signed: true }),
  intType("__s64", 8, { signed: true }),
  intType("__be16", 2, { bigEndian: true }),
  intType("__be32", 4, { bigEndian: true }),
  intType("__be64", 8, { bigEndian: true }),
  intType("_Bool", 1, { encoding: "bool" }),
  { kind: "float", name: "double", sizeBytes: 8 },
  { kind: "pointer", sizeBytes: 8 },
  {
    kind: "enum",
    name: "color",
    sizeBytes: 4,
    signed: true,
    values: [
      { name: "RED", value: 0n },
      { name: "BLUE", value: -3n },
    ],
  },
);

/** Any type that C can build from these, with bit-fields, anonymous structs and padding. */
export const dataTypes: fc.Arbitrary<DataType> = fc
  .letrec<{ type: DataType }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaves,
      fc.tuple(tie("type"), fc.integer({ min: 1, max: 4 })).map(([element, length]) => arrayOf(element, length)),
      fc.integer({ min: 1, max: 20 }).map((length) => arrayOf(charType, length)),
      fc
        .array(fc.record({ type: tie("type"), anonymous: fc.boolean(), gap: fc.nat(3) }), {
          minLength: 1,
          maxLength: 5,
        })
        .map(structOf),
      fc.array(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 4 }).map(bitfieldsOf),
    ),
  }))
  .type.map((type) => withUniqueNames(type, { next: 0 }));

/** Names are unique in the whole type, since those of anonymous members become their parent's. */
function withUniqueNames(type: DataType, names: { next: number }): DataType {
  if (type.kind === "array") return { ...type, element: withUniqueNames(type.element, names) };
  if (type.kind !== "struct" && type.kind !== "union") return type;
  const members = type.members.map((member) => ({
    ...member,
    name: member.name === "" ? "" : `m${names.next++}`,
    type: withUniqueNames(member.type, names),
  }));
  return { ...type, members };
}

const charType = intType("char", 1, { encoding: "char", signed: true });
function arrayOf(element: DataType, length: number): DataType {
  return { kind: "array", element, length, sizeBytes: element.sizeBytes * length };
}

function structOf(
  parts: readonly { readonly type: DataType; readonly anonymous: boolean; readonly gap: number }[],
): DataType {
  let endBytes = 0;
  const members = parts.map(({ type, anonymous, gap }) => {
    const offsetBits = (endBytes + gap) * 8;
    endBytes += gap + type.sizeBytes;
    const name = anonymous && type.kind === "struct" ? "" : "named";
    return { name, offsetBits, bitfieldBits: undefined, type };
  });
  return { kind: "struct", name: "s", sizeBytes: endBytes, members };
}

function bitfieldsOf(widths: readonly number[]): DataType {
  const members = widths.map((bitfieldBits, i) => ({
    name: "named",
    offsetBits: widths.slice(0, i).reduce((sum, width) => sum + width, 0),
    bitfieldBits,
    type: intType(i % 2 === 0 ? "__u32" : "int", 4, { signed: i % 2 === 1 }),
  }));
  return { kind: "struct", name: "bits", sizeBytes: 16, members };
}

/** Values of a type in the form in which `decodeData` gives them, written as a scenario would. */
export function valuesOf(type: DataType, bitfieldBits?: number): fc.Arbitrary<Plain> {
  switch (type.kind) {
    case "int":
      if (type.encoding === "bool") return fc.boolean();
      return fc.bigInt(rangeOf(bitfieldBits ?? type.sizeBytes * 8, type.signed)).map(canonicalPlain);
    case "pointer":
      return fc.bigInt(rangeOf(64, false)).map(canonicalPlain);
    case "float":
      return fc.double({ noNaN: true });
    case "enum":
      return fc.constantFrom(...type.values.map(({ name }) => name));
    case "array":
      if (isCharArray(type)) return texts(type.length);
      return fc.tuple(...Array.from({ length: type.length }, () => valuesOf(type.element)));
    case "struct":
    case "union": {
      const members = fieldsOf(type).map((field) => [field.name, valuesOf(field.type, field.bitfieldBits)] as const);
      return fc.record(Object.fromEntries(members));
    }
    case "opaque":
      return fc.uint8Array({ minLength: type.sizeBytes, maxLength: type.sizeBytes }).map(hexText);
  }
}

function canonicalPlain(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Text that fits and has no NUL. */
function texts(maxBytes: number): fc.Arbitrary<string> {
  return fc
    .string({ maxLength: maxBytes, unit: "grapheme" })
    .filter((text) => !text.includes("\0") && new TextEncoder().encode(text).length <= maxBytes);
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Byte arrays are written as lists of numbers and come back as bytes. */
export function asDecoded(type: DataType, plain: Plain): unknown {
  if (type.kind === "array" && isByteArray(type)) return Uint8Array.from(plain as readonly number[]);
  if (type.kind === "array" && !isCharArray(type))
    return (plain as readonly Plain[]).map((item) => asDecoded(type.element, item));
  if (type.kind === "struct" || type.kind === "union") {
    const values = plain as { readonly [name: string]: Plain };
    return Object.fromEntries(fieldsOf(type).map(({ name, type: member }) => [name, asDecoded(member, values[name]!)]));
  }
  return plain;
}
