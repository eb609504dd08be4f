import { harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { DataType, StructType } from "../model/object.js";
import type { Written, WrittenEntry } from "../model/scenario.js";
import { putAddress, putHex, putUntypedNumber } from "./encode-bytes.js";
import { putEnum, putFloat, putInteger, putNumber, putText } from "./encode-scalar.js";
import { elementIndex, fieldsOf, isByteArray, isCharArray, typeName, type Field } from "./fields.js";
import { isPrime, maglevTable } from "./maglev.js";
import { Sink } from "./sink.js";
import { listOf, show, suggest } from "./written.js";

/** No kernel takes larger keys or values; a broken object may ask for anything. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Bytes of a map key, a map value or a global as the scenario writes it: members by name, enums by
 * name, addresses as literals (in network order, whatever the C type), `{be: 80}` for a number in
 * network order, `{maglev: […]}` for an array over which these are spread, hex digits for bytes without a type. What is
 * not written is zero.
 *
 * @param type undefined for objects without BTF: then hex digits, a number or an address.
 * @param base what unwritten members keep, instead of zero.
 * @throws HarnessError "scenario" with everything that is wrong in `written`, each with its span.
 */
export function encodeData(
  type: DataType | undefined,
  sizeBytes: number,
  written: Written,
  base?: Uint8Array,
): Uint8Array {
  if (sizeBytes > maxBytes) throw harnessError("object", `a value of ${sizeBytes} bytes is larger than any map takes`);
  const bytes = new Uint8Array(sizeBytes);
  if (base) bytes.set(base.subarray(0, sizeBytes));
  const sink = new Sink(bytes);
  put(sink, type ?? { kind: "opaque", name: "", sizeBytes }, 0, written);
  sink.problems.throwIfAny();
  return bytes;
}

function put(sink: Sink, type: DataType, offsetBits: number, written: Written, bitfieldBits?: number): void {
  if (written.kind === "scalar" && written.value === null)
    return sink.problem(written.span, `${typeName(type)} has no value here`);
  if (putAddress(sink, type, offsetBits, written)) return;
  switch (type.kind) {
    case "int":
      return putInteger(sink, type, offsetBits, written, bitfieldBits);
    case "enum":
      return putEnum(sink, type, offsetBits, written, bitfieldBits);
    case "pointer": {
      const place = { offsetBits, sizeBits: 64, signed: false, bigEndian: false };
      return putNumber(sink, place, written, typeName(type));
    }
    case "float":
      return putFloat(sink, type, offsetBits, written);
    case "struct":
    case "union":
      return putMembers(sink, type, offsetBits, written);
    case "array":
      return putArray(sink, type, offsetBits, written);
    case "opaque":
      return putOpaque(sink, type, offsetBits, written);
  }
}

function putMembers(sink: Sink, type: StructType, offsetBits: number, written: Written): void {
  const fields = fieldsOf(type);
  const names = fields.map(({ name }) => name);
  if (written.kind !== "map")
    return sink.problem(
      written.span,
      `${show(written)} is not a value of ${typeName(type)}`,
      `it is written by its members: ${listOf(names)}`,
    );
  const chosen = new Map<string, { index: number; name: string }>();
  const seen = new Set<string>();
  for (const entry of written.entries) {
    const field = fields.find(({ name }) => name === entry.key);
    if (!field) {
      sink.problem(entry.keySpan, `${typeName(type)} has no member '${entry.key}'`, suggest(entry.key, names));
      continue;
    }
    if (seen.has(entry.key)) sink.problem(entry.keySpan, `'${entry.key}' is written twice`);
    seen.add(entry.key);
    checkUnions(sink, field, entry, chosen);
    put(sink, field.type, offsetBits + field.offsetBits, entry.value, field.bitfieldBits);
  }
}

/** Members of one union share their bytes: of two that are written, one would be lost. */
function checkUnions(
  sink: Sink,
  field: Field,
  entry: WrittenEntry,
  chosen: Map<string, { index: number; name: string }>,
): void {
  for (const { union, index } of field.alternatives) {
    const other = chosen.get(union);
    if (other && other.index !== index)
      sink.problem(entry.keySpan, `'${entry.key}' shares its bytes with '${other.name}': only one can be written`);
    else chosen.set(union, { index, name: entry.key });
  }
}

function putArray(sink: Sink, type: DataType & { kind: "array" }, offsetBits: number, written: Written): void {
  if (written.kind === "list") {
    if (written.items.length > type.length)
      return sink.problem(written.span, `${written.items.length} values for ${typeName(type)}`);
    return written.items.forEach((item, index) => putElement(sink, type, offsetBits, index, item));
  }
  if (written.kind === "map" && written.entries.length === 1 && written.entries[0]!.key === "maglev")
    return putMaglev(sink, type, offsetBits, written.entries[0]!.value);
  if (written.kind === "map") return putElements(sink, type, offsetBits, written.entries);
  if (typeof written.value === "string" && isCharArray(type))
    return putText(sink, type, offsetBits, written.value, written.span);
  if (typeof written.value === "string" && isByteArray(type))
    return putHex(sink, type.sizeBytes, offsetBits, written.value, written.span, typeName(type));
  sink.problem(written.span, `${show(written)} is not a value of ${typeName(type)}`, "write a list");
}

/** `{maglev: […]}`: every element is one of these, as Maglev hashing spreads them. */
function putMaglev(sink: Sink, type: DataType & { kind: "array" }, offsetBits: number, written: Written): void {
  const { span } = written;
  if (written.kind !== "list" || written.items.length === 0)
    return sink.problem(span, "'maglev' takes a list of what to spread", "for example: {maglev: [1, 2, 3]}");
  if (!isPrime(type.length))
    return sink.problem(span, `a Maglev table has a prime number of slots, not ${type.length} as ${typeName(type)}`);
  const { element } = type;
  const values = written.items.flatMap(
    (item) => sink.problems.attempt(() => encodeData(element, element.sizeBytes, item), { span: item.span }) ?? [],
  );
  if (values.length < written.items.length) return;
  if (new Set(values.map(toHex)).size < values.length) return sink.problem(span, "something is listed twice");
  maglevTable(values, type.length).forEach((chosen, slot) =>
    sink.bytes.set(values[chosen]!, offsetBits / 8 + slot * element.sizeBytes),
  );
}

/** `{0: …, 5: …}`: some elements by index. */
function putElements(
  sink: Sink,
  type: DataType & { kind: "array" },
  offsetBits: number,
  entries: readonly WrittenEntry[],
): void {
  for (const { key, keySpan, value } of entries) {
    const index = elementIndex(type, key);
    if (index === undefined) sink.problem(keySpan, `${typeName(type)} has no element '${key}'`);
    else putElement(sink, type, offsetBits, index, value);
  }
}

function putElement(
  sink: Sink,
  type: DataType & { kind: "array" },
  offsetBits: number,
  index: number,
  written: Written,
): void {
  put(sink, type.element, offsetBits + index * type.element.sizeBytes * 8, written);
}

function putOpaque(sink: Sink, type: DataType, offsetBits: number, written: Written): void {
  const what = `these ${type.sizeBytes} bytes (the object has no BTF for them)`;
  if (putUntypedNumber(sink, type.sizeBytes, offsetBits, written, what)) return;
  if (written.kind === "list") {
    const bytes: DataType = { kind: "array", sizeBytes: type.sizeBytes, length: type.sizeBytes, element: byteType };
    return putArray(sink, bytes, offsetBits, written);
  }
  if (written.kind === "scalar" && typeof written.value === "string")
    return putHex(sink, type.sizeBytes, offsetBits, written.value, written.span, what);
  sink.problem(written.span, `${show(written)} cannot be written into ${what}`, "write them as hex digits in quotes");
}

const byteType: DataType = {
  kind: "int",
  name: "__u8",
  sizeBytes: 1,
  signed: false,
  encoding: "integer",
  bigEndian: false,
};
