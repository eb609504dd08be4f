import { harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import type { FieldDef } from "./protocol.js";
import { type Plain, formatFieldValue, parseFieldValue, show } from "./field-value.js";

const patternKeys = ["in", "not", "min", "max", "mask", "value"];

/**
 * What a field has to be: `any`, a literal, `{in: [...]}`, `{not: …}`, `{min, max}`, `1..10`, `{mask, value}`, or for
 * addresses a prefix (`10.0.0.0/8`). Throws HarnessError `packet` with a hint.
 */
export function parsePattern(def: FieldDef, plain: Plain): Pattern {
  if (plain === "any") return { kind: "any" };
  if (typeof plain === "string") return parseTextPattern(def, plain);
  if (isPatternMap(def, plain)) return parseMapPattern(def, plain);
  return { kind: "equals", value: parseFieldValue(def, plain) };
}

function parseTextPattern(def: FieldDef, text: string): Pattern {
  const range = def.kind === "bytes" ? null : /^(\S+?)\s*\.\.\s*(\S+)$/.exec(text);
  if (range) return rangeOf(def, range[1], range[2]);
  const prefix = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (prefix && (def.kind === "ipv4" || def.kind === "ipv6" || def.kind === "mac")) {
    return prefixOf(def, prefix[1]!, Number(prefix[2]));
  }
  return { kind: "equals", value: parseFieldValue(def, text) };
}

function isPatternMap(def: FieldDef, plain: Plain): plain is { readonly [name: string]: Plain } {
  if (typeof plain !== "object" || plain === null || Array.isArray(plain) || plain instanceof Uint8Array) return false;
  const keys = Object.keys(plain);
  if (keys.some((key) => patternKeys.includes(key))) return true;
  // {text: …} and {hex: …} are bytes, {mss: 1460} is one option: values, not patterns.
  if (def.kind === "bytes" || def.kind === "list") return false;
  const close = keys[0] === undefined ? undefined : nearest(keys[0], patternKeys);
  throw harnessError("packet", `${def.name} ${show(plain)} is not a pattern`, {
    hint: close ? `did you mean '${close}'?` : "use in, not, min and max, or mask and value",
  });
}

function parseMapPattern(def: FieldDef, plain: { readonly [name: string]: Plain }): Pattern {
  const { in: options, not, min, max, mask, value, ...rest } = plain;
  const unknown = Object.keys(rest)[0];
  const forms = [options, not, min ?? max, mask ?? value].filter((form) => form !== undefined).length;
  if (unknown !== undefined || forms !== 1) {
    throw harnessError("packet", `${def.name} ${show(plain)} mixes several patterns`, {
      hint: "one of in, not, min and max, mask and value at a time",
    });
  }
  if (options !== undefined) {
    if (!Array.isArray(options)) throw harnessError("packet", `${def.name}: 'in' takes a list`);
    return { kind: "in", values: options.map((option: Plain) => parseFieldValue(def, option)) };
  }
  if (not !== undefined) return { kind: "not", pattern: parsePattern(def, not) };
  if (mask !== undefined || value !== undefined) return maskedOf(def, mask, value);
  return rangeOf(def, min, max);
}

function maskedOf(def: FieldDef, mask: Plain | undefined, value: Plain | undefined): Pattern {
  if (mask === undefined || value === undefined) {
    throw harnessError("packet", `${def.name}: 'mask' and 'value' belong together`, {
      hint: "the field has to be such that field & mask = value",
    });
  }
  const masked: Pattern = { kind: "masked", mask: parseFieldValue(def, mask), value: parseFieldValue(def, value) };
  if (!sameValue(maskValue(masked.value, masked.mask), masked.value)) {
    throw harnessError(
      "packet",
      `${def.name}: value ${show(value)} has bits outside of the mask, so nothing can match`,
    );
  }
  return masked;
}

function rangeOf(def: FieldDef, min: Plain | undefined, max: Plain | undefined): Pattern {
  const low = min === undefined ? undefined : parseFieldValue(def, min);
  const high = max === undefined ? undefined : parseFieldValue(def, max);
  if (low !== undefined && high !== undefined && (compare(low, high) ?? 1) > 0) {
    throw harnessError("packet", `${def.name} ${show(min)}..${show(max)} is an empty range`, {
      hint: "the smaller bound comes first; both are included",
    });
  }
  return { kind: "range", ...(low !== undefined && { min: low }), ...(high !== undefined && { max: high }) };
}

function prefixOf(def: FieldDef, text: string, length: number): Pattern {
  const address = parseFieldValue(def, text) as Uint8Array;
  if (length > address.length * 8) {
    throw harnessError("packet", `${def.name} prefix length ${length} is longer than the address`, {
      hint: `at most ${address.length * 8}`,
    });
  }
  const mask = address.map((_, i) => 0xff & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));
  return { kind: "masked", mask, value: maskValue(address, mask) };
}

/** Whether a value is what the pattern says. */
export function matchPattern(pattern: Pattern, value: FieldValue): boolean {
  switch (pattern.kind) {
    case "any":
      return true;
    case "equals":
      return sameValue(pattern.value, value);
    case "in":
      return pattern.values.some((one) => sameValue(one, value));
    case "not":
      return !matchPattern(pattern.pattern, value);
    case "matches":
      return typeof value === "string" && pattern.regex.test(value);
    case "masked":
      return sameValue(maskValue(value, pattern.mask), pattern.value);
    case "range":
      return (
        (pattern.min === undefined || (compare(value, pattern.min) ?? -1) >= 0) &&
        (pattern.max === undefined || (compare(value, pattern.max) ?? 1) <= 0)
      );
  }
}

/** Equal as values: 1 and 1n are, byte arrays by content, lists and records by their parts. */
export function sameValue(a: FieldValue, b: FieldValue): boolean {
  if (isNumeric(a) && isNumeric(b)) return compare(a, b) === 0;
  if (a instanceof Uint8Array || b instanceof Uint8Array) return a instanceof Uint8Array && compare(a, b) === 0;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item: FieldValue, i) => sameValue(item, (b as readonly FieldValue[])[i]!));
  }
  if (typeof a === "object" && typeof b === "object") {
    const left = a as { readonly [name: string]: FieldValue };
    const right = b as { readonly [name: string]: FieldValue };
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key]!, right[key]!))
    );
  }
  return a === b;
}

function isNumeric(value: FieldValue): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}

function numberOf(value: number | bigint | boolean): number | bigint {
  return typeof value === "boolean" ? Number(value) : value;
}

/** Negative, zero or positive; undefined where the two have no order. */
function compare(a: FieldValue, b: FieldValue): number | undefined {
  if (isNumeric(a) && isNumeric(b)) {
    // Numbers and bigints compare exactly with each other; fractions come from maps that hold doubles.
    const [left, right] = [numberOf(a), numberOf(b)];
    return left < right ? -1 : left > right ? 1 : Number.isNaN(left) || Number.isNaN(right) ? undefined : 0;
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    if (a.length !== b.length) return undefined;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
    return 0;
  }
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}

function maskValue(value: FieldValue, mask: FieldValue): FieldValue {
  if (value instanceof Uint8Array && mask instanceof Uint8Array) {
    return value.length === mask.length ? value.map((byte, i) => byte & mask[i]!) : value;
  }
  return isNumeric(value) && isNumeric(mask) ? BigInt(value) & BigInt(mask) : value;
}

/** A pattern as a failure message says it. Without a field (context values, counts): plain numbers and text. */
export function formatPattern(def: FieldDef | undefined, pattern: Pattern): string {
  const one = (value: FieldValue): string => (def ? formatFieldValue(def, value) : formatUntyped(value));
  switch (pattern.kind) {
    case "any":
      return "anything";
    case "equals":
      return one(pattern.value);
    case "in":
      return `one of ${pattern.values.map(one).join(", ")}`;
    case "not":
      return `not ${formatPattern(def, pattern.pattern)}`;
    case "matches":
      return `text that matches ${pattern.regex}`;
    case "masked":
      return formatMasked(pattern.mask, pattern.value, one);
    case "range":
      if (pattern.min === undefined) return pattern.max === undefined ? "anything" : `at most ${one(pattern.max)}`;
      return pattern.max === undefined ? `at least ${one(pattern.min)}` : `${one(pattern.min)}..${one(pattern.max)}`;
  }
}

function formatMasked(mask: FieldValue, value: FieldValue, one: (value: FieldValue) => string): string {
  if (mask instanceof Uint8Array) {
    const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
    const length = bits.replace(/0+$/, "").length;
    if (!bits.slice(0, length).includes("0")) return `${one(value)}/${length}`;
  }
  return `${one(value)} under the mask ${one(mask)}`;
}

function formatUntyped(value: FieldValue): string {
  return typeof value === "string" || typeof value === "bigint" ? String(value) : show(value);
}
