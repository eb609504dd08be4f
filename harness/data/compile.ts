import type { DataType, StructType } from "../model/object.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import type { DataPattern } from "../model/plan.js";
import { Problems } from "../model/problems.js";
import type { Written, WrittenEntry } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { lpmAddressBytes, parseAddress, parsePrefix } from "./address.js";
import { leafValue } from "./decode.js";
import { encodeData } from "./encode.js";
import { elementIndex, fieldsOf, isCharArray, typeName } from "./fields.js";
import { networkOrderNumber, suggest } from "./written.js";

const patternKeys = ["in", "not", "min", "max", "mask", "value"];

/**
 * What a map value or an event has to be, against its type: members that are not written are "don't
 * care". A leaf is `any`, a literal as for `encodeData`, `lo..hi`, `{min, max}`, `{in: […]}`, `{not: …}`,
 * `{mask, value}`, or for addresses a prefix.
 *
 * @throws HarnessError "scenario" with everything that is wrong, each with its span.
 */
export function compilePattern(type: DataType | undefined, sizeBytes: number, written: Written): DataPattern {
  const problems = new Problems();
  const pattern = new Compiler(problems).compile(type ?? { kind: "opaque", name: "", sizeBytes }, written);
  problems.throwIfAny();
  return pattern;
}

class Compiler {
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  compile(type: DataType, written: Written, bitfieldBits?: number): DataPattern {
    if (written.kind === "map") {
      if (type.kind === "struct" || type.kind === "union") {
        if (!isPatternOf(type, written)) return this.#members(type, written.entries, written.span);
      } else if (type.kind === "array" && !written.entries.every(({ key }) => patternKeys.includes(key)))
        return this.#elements(type, written.entries, written.span);
    }
    if (written.kind === "list" && type.kind === "array") return this.#list(type, written.items, written.span);
    return { kind: "leaf", pattern: this.#leaf(type, written, bitfieldBits), span: written.span };
  }

  #members(type: StructType, entries: readonly WrittenEntry[], span: Span): DataPattern {
    const fields = fieldsOf(type);
    const members = entries.flatMap(({ key, keySpan, value }) => {
      const field = fields.find(({ name }) => name === key);
      if (field) return [{ name: key, pattern: this.compile(field.type, value, field.bitfieldBits) }];
      const names = fields.map(({ name }) => name);
      this.#problem(keySpan, `${typeName(type)} has no member '${key}'`, suggest(key, names));
      return [];
    });
    return { kind: "members", members, span };
  }

  #elements(type: DataType & { kind: "array" }, entries: readonly WrittenEntry[], span: Span): DataPattern {
    const members = entries.flatMap(({ key, keySpan, value }) => {
      if (elementIndex(type, key) !== undefined) return [{ name: key, pattern: this.compile(type.element, value) }];
      this.#problem(keySpan, `${typeName(type)} has no element '${key}'`);
      return [];
    });
    return { kind: "members", members, span };
  }

  #list(type: DataType & { kind: "array" }, items: readonly Written[], span: Span): DataPattern {
    if (items.length > type.length) this.#problem(span, `${items.length} values for ${typeName(type)}`);
    const members = items
      .slice(0, type.length)
      .map((item, index) => ({ name: String(index), pattern: this.compile(type.element, item) }));
    return { kind: "members", members, span };
  }

  #leaf(type: DataType, written: Written, bitfieldBits: number | undefined): Pattern {
    if (written.kind === "scalar" && typeof written.value === "string")
      return this.#textPattern(type, written, written.value, bitfieldBits);
    if (written.kind === "map" && !networkOrderNumber(written)) {
      const entries = new Map(written.entries.map(({ key, value }) => [key, value]));
      const unknown = written.entries.find(({ key }) => !patternKeys.includes(key));
      if (unknown)
        this.#problem(unknown.keySpan, `'${unknown.key}' is not a pattern`, suggest(unknown.key, patternKeys));
      return unknown ? any : this.#mapPattern(type, written, entries, bitfieldBits);
    }
    return this.#equals(type, written, bitfieldBits);
  }

  #textPattern(type: DataType, written: Written, text: string, bitfieldBits: number | undefined): Pattern {
    if (text === "any") return any;
    const isText = isCharArray(type);
    const range = isText ? null : /^(\S+?)\s*\.\.\s*(\S+)$/.exec(text);
    if (range)
      return this.#range(type, plain(range[1]!, written.span), plain(range[2]!, written.span), written, bitfieldBits);
    const prefix = isText || lpmAddressBytes(type) ? undefined : parsePrefix(text, type.sizeBytes);
    if (prefix) {
      const mask = prefix.address.map((_, i) => 0xff & (0xff00 >> Math.min(8, Math.max(0, prefix.lengthBits - 8 * i))));
      return { kind: "masked", mask, value: prefix.address.map((byte, i) => byte & mask[i]!) };
    }
    return this.#equals(type, written, bitfieldBits);
  }

  #mapPattern(
    type: DataType,
    written: Written,
    entries: ReadonlyMap<string, Written>,
    bitfieldBits: number | undefined,
  ): Pattern {
    const keys = [...entries.keys()].toSorted().join();
    const at = (key: string) => entries.get(key)!;
    switch (keys) {
      case "in": {
        const options = at("in");
        if (options.kind !== "list") return this.#wrong(options.span, "'in' takes a list");
        return { kind: "in", values: options.items.flatMap((item) => this.#literal(type, item, bitfieldBits) ?? []) };
      }
      case "not":
        return { kind: "not", pattern: this.#leaf(type, at("not"), bitfieldBits) };
      case "mask,value": {
        if (type.kind === "float") return this.#wrong(written.span, `${typeName(type)} has no bits to mask`);
        const mask = this.#literal(type, at("mask"), bitfieldBits);
        const value = this.#literal(type, at("value"), bitfieldBits);
        return mask === undefined || value === undefined ? any : { kind: "masked", mask, value };
      }
      case "max":
      case "min":
      case "max,min":
        return this.#range(type, entries.get("min"), entries.get("max"), written, bitfieldBits);
      default:
        return this.#wrong(
          written.span,
          `'${[...entries.keys()].join("', '")}' do not make one pattern`,
          "one of in, not, min and max, mask and value at a time",
        );
    }
  }

  #range(
    type: DataType,
    low: Written | undefined,
    high: Written | undefined,
    written: Written,
    bitfieldBits: number | undefined,
  ): Pattern {
    const min = low && this.#literal(type, low, bitfieldBits);
    const max = high && this.#literal(type, high, bitfieldBits);
    if ([min, max].some((bound) => typeof bound === "object" && !(bound instanceof Uint8Array)))
      return this.#wrong(written.span, `${typeName(type)} takes no range of {be: …}`, "declare it as __be16 or __be32");
    if (isGreater(min, max)) this.#problem(written.span, "this range is empty", "the smaller bound comes first");
    return { kind: "range", ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  }

  #equals(type: DataType, written: Written, bitfieldBits: number | undefined): Pattern {
    const value = this.#literal(type, written, bitfieldBits);
    return value === undefined ? any : { kind: "equals", value };
  }

  /**
   * A literal as `match` compares it. Addresses stay bytes in network order and `{be: 80}` stays what it
   * is, so that a failure speaks of both sides as the scenario does.
   */
  #literal(type: DataType, written: Written, bitfieldBits: number | undefined): FieldValue | undefined {
    const encoded = this.#problems.attempt(() => encodeLeaf(type, written, bitfieldBits));
    if (!encoded) return undefined;
    const networkOrder = type.kind === "int" ? networkOrderNumber(written) : undefined;
    if (networkOrder) return { be: leafValue({ ...type, bigEndian: true } as DataType, encoded, 0) };
    const isAddress = written.kind === "scalar" && parseAddress(String(written.value), type.sizeBytes) !== undefined;
    if (isAddress && !isCharArray(type)) return encoded;
    return leafValue(type, encoded, 0, bitfieldBits);
  }

  #wrong(span: Span, message: string, hint?: string): Pattern {
    this.#problem(span, message, hint);
    return any;
  }

  #problem(span: Span, message: string, hint?: string): void {
    this.#problems.add({ code: "scenario", message, span, ...(hint && { hint }) });
  }
}

const any: Pattern = { kind: "any" };

/** Encodes a bit-field as if it were alone, so that its width is checked and it can be read back. */
function encodeLeaf(type: DataType, written: Written, bitfieldBits: number | undefined): Uint8Array {
  if (bitfieldBits === undefined) return encodeData(type, type.sizeBytes, written);
  const alone: DataType = {
    kind: "struct",
    name: "",
    sizeBytes: type.sizeBytes,
    members: [{ name: "bits", offsetBits: 0, bitfieldBits, type }],
  };
  const entry = { key: "bits", keySpan: written.span, value: written };
  return encodeData(alone, type.sizeBytes, { kind: "map", entries: [entry], span: written.span });
}

/** `{in: […]}` for a struct that is an address as a whole, unless `in` is one of its members. */
function isPatternOf(type: StructType, written: Written & { kind: "map" }): boolean {
  const names = new Set(fieldsOf(type).map(({ name }) => name));
  const keys = written.entries.map(({ key }) => key);
  return keys.length > 0 && keys.every((key) => patternKeys.includes(key)) && !keys.some((key) => names.has(key));
}

/** One bound of `1..10`. */
function plain(text: string, span: Span): Written {
  if (/^-?\d+$/.test(text) || /^0x[0-9a-f]+$/i.test(text))
    return { kind: "scalar", value: text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text), span };
  return { kind: "scalar", value: text, span };
}

function isGreater(min: FieldValue | undefined, max: FieldValue | undefined): boolean {
  const isNumber = (value: unknown) => typeof value === "number" || typeof value === "bigint";
  return isNumber(min) && isNumber(max) && min > max;
}
