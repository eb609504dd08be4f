import { harnessError, type HarnessError } from "../model/error.js";
import { fromHex, toHex } from "../model/hex.js";
import { nearest } from "../model/nearest.js";
import type { FieldValue } from "../model/packet.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./address.js";
import type { FieldDef } from "./protocol.js";

/** Data as YAML or JSON has it; bytes for programs that build packets themselves. */
export type Plain =
  string | number | bigint | boolean | null | Uint8Array | readonly Plain[] | { readonly [name: string]: Plain };

/** Bytes that one scenario value may stand for; larger payloads are a slip of the keyboard. */
const maxRepeatBytes = 65_535;

/** Longer payloads print as hex, whatever they are: text is for what a person wrote. */
const mostTextBytes = 80;

/** A field's canonical value from what a person wrote. Throws HarnessError `packet` with a hint. */
export function parseFieldValue(def: FieldDef, plain: Plain): FieldValue {
  switch (def.kind) {
    case "uint":
      return parseUint(def, plain);
    case "flags":
      return parseFlags(def, plain);
    case "mac":
      return parseAddress(def, plain, parseMac, 6, "02:00:00:00:00:01");
    case "ipv4":
      return parseAddress(def, plain, parseIpv4, 4, "10.0.0.1");
    case "ipv6":
      return parseAddress(def, plain, parseIpv6, 16, "fd00::1");
    case "bytes":
      return parseBytes(def, plain);
    case "list": {
      if (def.codec === undefined) throw wrong(def, plain, "cannot be written");
      return def.codec.parse(Array.isArray(plain) ? plain : [plain], def.name);
    }
  }
}

/** How a value is written in a scenario: `ipv4`, `SA`, `10.0.0.1`, `0x1c46`, `63`. */
export function formatFieldValue(def: FieldDef, value: FieldValue): string {
  if (value instanceof Uint8Array) return formatBytes(def, value);
  if (Array.isArray(value)) return def.codec?.format(value as readonly FieldValue[]) ?? JSON.stringify(value);
  if (typeof value !== "number" && typeof value !== "bigint") return String(value);
  if (def.kind === "flags") return formatFlags(def, Number(value));
  return nameOf(def, value) ?? (def.base === "hex" ? hexOf(def, value) : String(value));
}

/** The same with the number behind it, for failure messages: `ipv4 (0x0800)`, `63 (0x3f)`, `SA (0x12)`. */
export function describeFieldValue(def: FieldDef, value: FieldValue): string {
  const text = formatFieldValue(def, value);
  if ((typeof value !== "number" && typeof value !== "bigint") || text.startsWith("0x")) return text;
  return `${text} (${hexOf(def, value)})`;
}

function hexOf(def: FieldDef, value: number | bigint): string {
  return `0x${value.toString(16).padStart(Math.ceil(def.sizeBits / 4), "0")}`;
}

function nameOf(def: FieldDef, value: number | bigint): string | undefined {
  for (const [name, number] of Object.entries(def.names ?? {})) if (BigInt(number) === BigInt(value)) return name;
  return undefined;
}

function parseUint(def: FieldDef, plain: Plain): number | bigint {
  const value = integerOf(def, plain);
  const limit = 1n << BigInt(def.sizeBits);
  if (value < 0n || value >= limit) {
    throw harnessError("packet", `${def.name} ${value} does not fit into ${def.sizeBits} bits`, {
      hint: `it has to be from 0 to ${limit - 1n}`,
    });
  }
  return def.sizeBits > 53 ? value : Number(value);
}

function integerOf(def: FieldDef, plain: Plain): bigint {
  if (typeof plain === "bigint") return plain;
  if (typeof plain === "boolean") return plain ? 1n : 0n;
  if (typeof plain === "number") {
    if (Number.isSafeInteger(plain)) return BigInt(plain);
    throw wrong(def, plain, "is not a whole number that can be held exactly");
  }
  if (typeof plain !== "string") throw wrong(def, plain, "is not a number");
  const named = lookUp(def, plain);
  if (named !== undefined) return BigInt(named);
  if (/^(?:0x[0-9a-f]+|0b[01]+|\d+)$/i.test(plain)) return BigInt(plain);
  if (/^-\d+$/.test(plain)) return -BigInt(plain.slice(1));
  throw unknownName(def, plain);
}

function lookUp(def: FieldDef, word: string): number | undefined {
  const names = def.names ?? {};
  if (Object.hasOwn(names, word)) return names[word];
  const lower = word.toLowerCase();
  return Object.entries(names).find(([name]) => name.toLowerCase() === lower)?.[1];
}

function unknownName(def: FieldDef, word: string): HarnessError {
  const names = Object.keys(def.names ?? {});
  if (names.length === 0) return wrong(def, word, "is not a number");
  const close = nearest(word, names);
  return harnessError("packet", `${def.name} has no value '${word}'`, {
    hint: close ? `did you mean '${close}'?` : `write a number or one of ${names.slice(0, 12).join(", ")}`,
  });
}

/** `SA`, `[syn, ack]`, `SYN+ACK`, `DF|MF`, `none`, or the number. */
function parseFlags(def: FieldDef, plain: Plain): number {
  const isNumber = typeof plain === "string" ? /^(?:0x[0-9a-f]+|\d+)$/i.test(plain) : typeof plain !== "object";
  if (isNumber) return Number(parseUint(def, plain));
  const words = Array.isArray(plain) ? plain : splitFlags(def, plain);
  let value = 0;
  for (const word of words as readonly Plain[]) {
    if (typeof word !== "string") throw wrong(def, word, "is not the name of a flag");
    const bit = lookUp(def, word);
    if (bit === undefined) throw unknownName(def, word);
    value |= bit;
  }
  return value;
}

function splitFlags(def: FieldDef, plain: Plain): readonly string[] {
  if (typeof plain !== "string") throw wrong(def, plain, "is neither flags nor a number");
  if (/^(?:none|)$/i.test(plain.trim())) return [];
  const words = plain.split(/[\s,|+]+/).filter((word) => word !== "");
  const isWord = (word: string): boolean => lookUp(def, word) !== undefined;
  return words.flatMap((word) => (isWord(word) || !Array.from(word).every(isWord) ? [word] : Array.from(word)));
}

function formatFlags(def: FieldDef, value: number): string {
  if (value === 0) return "none";
  const found: string[] = [];
  let rest = value;
  for (const [name, bit] of Object.entries(def.names ?? {})) {
    if (bit !== 0 && (rest & bit) === bit) {
      found.push(name);
      rest &= ~bit;
    }
  }
  if (rest !== 0) return hexOf(def, value);
  return found.join(found.every((name) => name.length === 1) ? "" : "+");
}

function parseAddress(
  def: FieldDef,
  plain: Plain,
  parse: (text: string) => Uint8Array,
  sizeBytes: number,
  example: string,
): Uint8Array {
  if (plain instanceof Uint8Array && plain.length === sizeBytes) return plain;
  if (typeof plain !== "string") {
    throw harnessError("packet", `${def.name} ${show(plain)} is not an address`, {
      hint: `write it as text, for example "${example}" (YAML reads unquoted digits and colons as a number)`,
    });
  }
  return parse(plain);
}

/** Text or hex (`0x…`), a list of byte values, or `{text}`, `{hex}`, `{size, fill}`. */
function parseBytes(def: FieldDef, plain: Plain): Uint8Array {
  const bytes = bytesOf(def, plain);
  if (def.sizeBits > 0 && bytes.length * 8 !== def.sizeBits) {
    throw harnessError("packet", `${def.name} has ${bytes.length} bytes`, {
      hint: `it takes ${def.sizeBits / 8} bytes`,
    });
  }
  return bytes;
}

function bytesOf(def: FieldDef, plain: Plain): Uint8Array {
  if (plain instanceof Uint8Array) return plain;
  if (plain === null) return new Uint8Array();
  if (typeof plain === "string") {
    return def.text === true && !/^0x/i.test(plain) ? new TextEncoder().encode(plain) : fromHex(plain);
  }
  if (typeof plain === "number" && def.text === true) return new TextEncoder().encode(String(plain));
  if (Array.isArray(plain)) return Uint8Array.from(plain as readonly Plain[], (byte) => byteOf(def, byte));
  if (typeof plain !== "object") throw wrong(def, plain, "is not bytes");
  const { text, hex, size, fill, ...rest } = plain as { readonly [name: string]: Plain };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw wrong(def, unknown, "is not a way to write bytes", "use text, hex, or size and fill");
  if (typeof text === "string") return new TextEncoder().encode(text);
  if (typeof hex === "string") return fromHex(hex);
  if (typeof size === "number" && Number.isInteger(size) && size >= 0 && size <= maxRepeatBytes) {
    return new Uint8Array(size).fill(fill === undefined ? 0 : byteOf(def, fill));
  }
  throw wrong(def, plain, "is not bytes", `use text, hex, or size (at most ${maxRepeatBytes}) and fill`);
}

function byteOf(def: FieldDef, plain: Plain): number {
  return Number(parseUint({ name: `a byte of ${def.name}`, kind: "uint", sizeBits: 8, doc: "" }, plain));
}

function formatBytes(def: FieldDef, value: Uint8Array): string {
  if (def.kind === "mac") return formatMac(value);
  if (def.kind === "ipv4" && value.length === 4) return formatIpv4(value);
  if (def.kind === "ipv6" && value.length === 16) return formatIpv6(value);
  const text = def.text === true ? String.fromCharCode(...value.subarray(0, mostTextBytes + 1)) : "";
  // Only what reads back as it is written: no spaces at the ends, nothing that looks like hex.
  const isReadable = value.length <= mostTextBytes && /^[!-~](?:[ -~]*[!-~])?$/.test(text) && !/^0x/i.test(text);
  return isReadable ? text : `0x${toHex(value)}`;
}

function wrong(def: FieldDef, plain: Plain, what: string, hint?: string): HarnessError {
  return harnessError("packet", `${def.name} ${show(plain)} ${what}`, { hint });
}

/** A value as the person who wrote it would recognise it. */
export function show(plain: unknown): string {
  if (plain instanceof Uint8Array) return `0x${toHex(plain)}`;
  return JSON.stringify(plain, (_, value: unknown) => {
    if (value instanceof Uint8Array) return `0x${toHex(value)}`;
    return typeof value === "bigint" ? value.toString() : value;
  });
}
