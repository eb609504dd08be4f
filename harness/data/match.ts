import { toHex } from "../model/hex.js";
import type { DataType } from "../model/object.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import type { DataPattern } from "../model/plan.js";
import type { Span } from "../model/span.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { formatAddress } from "./address.js";
import { leafValue, partOf } from "./decode.js";
import { fieldsOf, isByteArray } from "./fields.js";
import { formatLeaf } from "./format.js";

/** One leaf that is not as the scenario says. */
export interface DataDifference {
  /** `.flow.ports[1]`, to be put behind the value's name; empty for a value that has no members. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
  readonly span: Span;
  /** Of the pattern. */
  readonly kind: Pattern["kind"];
}

/** Everything in a value that is not as the pattern says; empty = it matches. */
export function matchData(
  type: DataType | undefined,
  sizeBytes: number,
  pattern: DataPattern,
  bytes: Uint8Array,
): readonly DataDifference[] {
  const neededBytes = Math.max(sizeBytes, type?.sizeBytes ?? 0);
  if (bytes.length < neededBytes)
    return [
      { path: "", expected: `${neededBytes} bytes`, actual: `${bytes.length} bytes`, span: pattern.span, kind: "any" },
    ];
  return differences(type ?? { kind: "opaque", name: "", sizeBytes }, pattern, bytes, 0, "");
}

function differences(
  type: DataType,
  pattern: DataPattern,
  bytes: Uint8Array,
  offsetBits: number,
  path: string,
  bitfieldBits?: number,
): readonly DataDifference[] {
  if (pattern.kind === "members")
    return pattern.members.flatMap(({ name, pattern: inner }) => {
      const member = findMember(type, name, path);
      return member
        ? differences(member.type, inner, bytes, offsetBits + member.offsetBits, member.path, member.bitfieldBits)
        : [];
    });
  const leaf: Leaf = { type, bytes, offsetBits, bitfieldBits };
  if (matchLeaf(pattern.pattern, leaf)) return [];
  const expected = describePattern(type, pattern.pattern);
  const actual = describe(type, view(leaf, sampleOf(pattern.pattern)));
  return [{ path, expected, actual, span: pattern.span, kind: pattern.pattern.kind }];
}

function findMember(type: DataType, name: string, path: string) {
  if (type.kind === "array") {
    const offsetBits = Number(name) * type.element.sizeBytes * 8;
    return { type: type.element, offsetBits, bitfieldBits: undefined, path: `${path}[${name}]` };
  }
  if (type.kind !== "struct" && type.kind !== "union") return undefined;
  const field = fieldsOf(type).find((candidate) => candidate.name === name);
  return field && { ...field, path: `${path}.${name}` };
}

interface Leaf {
  readonly type: DataType;
  readonly bytes: Uint8Array;
  readonly offsetBits: number;
  readonly bitfieldBits: number | undefined;
}

/** `in` and `not` may mix addresses and numbers, so each alternative looks at the leaf in its own way. */
function matchLeaf(pattern: Pattern, leaf: Leaf): boolean {
  if (pattern.kind === "not") return !matchLeaf(pattern.pattern, leaf);
  if (pattern.kind === "in") return pattern.values.some((value) => matchLeaf({ kind: "equals", value }, leaf));
  return matchPattern(pattern, view(leaf, sampleOf(pattern)));
}

/** A value of the kind that the pattern speaks of: bytes, `{be: …}` or a plain value. */
function sampleOf(pattern: Pattern): FieldValue | undefined {
  switch (pattern.kind) {
    case "any":
    case "matches":
      return undefined;
    case "equals":
      return pattern.value;
    case "in":
      return pattern.values[0];
    case "range":
      return pattern.min ?? pattern.max;
    case "masked":
      return pattern.mask;
    case "not":
      return sampleOf(pattern.pattern);
  }
}

/** The leaf in the form of `sample`. */
function view({ type, bytes, offsetBits, bitfieldBits }: Leaf, sample: FieldValue | undefined): FieldValue {
  if (sample instanceof Uint8Array) return partOf(type, bytes, offsetBits).slice();
  if (type.kind === "int" && typeof sample === "object" && "be" in sample)
    return { be: leafValue({ ...type, bigEndian: true }, bytes, offsetBits) };
  return leafValue(type, bytes, offsetBits, bitfieldBits);
}

function describePattern(type: DataType, pattern: Pattern): string {
  return formatPattern(
    undefined,
    mapValues(pattern, (value) => describe(type, value)),
  );
}

/** The same pattern over texts; masks of bytes stay, which makes prefixes print as prefixes. */
function mapValues(pattern: Pattern, text: (value: FieldValue) => string): Pattern {
  switch (pattern.kind) {
    case "any":
    case "matches":
      return pattern;
    case "equals":
      return { kind: "equals", value: text(pattern.value) };
    case "in":
      return { kind: "in", values: pattern.values.map(text) };
    case "not":
      return { kind: "not", pattern: mapValues(pattern.pattern, text) };
    case "masked": {
      const mask = pattern.mask instanceof Uint8Array ? pattern.mask : text(pattern.mask);
      return { kind: "masked", mask, value: text(pattern.value) };
    }
    case "range": {
      const { min, max } = pattern;
      return {
        kind: "range",
        ...(min !== undefined && { min: text(min) }),
        ...(max !== undefined && { max: text(max) }),
      };
    }
  }
}

/** A leaf for a failure message: addresses as such, numbers also in hex. */
function describe(type: DataType, value: FieldValue): string {
  if (value instanceof Uint8Array) return isAddressLike(type) ? (formatAddress(value) ?? toHex(value)) : toHex(value);
  if (typeof value === "object")
    return "be" in value ? `{be: ${describe(type, value.be)}}` : formatPattern(undefined, { kind: "equals", value });
  const text = formatLeaf(type, value);
  if (typeof value !== "number" && typeof value !== "bigint") return text;
  if (type.kind === "float" || (value >= 0 && value < 10 && text === String(value))) return text;
  const hex = `${value < 0 ? "-" : ""}0x${(value < 0 ? -value : value).toString(16)}`;
  return `${text} (${hex})`;
}

/** Bytes in the place of a number or a struct are there because an address was written. */
function isAddressLike(type: DataType): boolean {
  return type.kind === "int" || type.kind === "struct" || type.kind === "union" || isByteArray(type);
}
