import { harnessError } from "../model/error.js";
import { sameBytes, toHex } from "../model/hex.js";
import { nearest } from "../model/nearest.js";
import type { FieldValue } from "../model/packet.js";
import { decodeFields, encodeFields, zeroOf } from "./header.js";
import type { FieldDef, ListCodec, OptionDef, Values } from "./protocol.js";
import { type Plain, formatFieldValue, parseFieldValue, show } from "./field-value.js";

/** How a protocol lays out its type-length-value options. */
export interface OptionFormat {
  readonly options: readonly OptionDef[];
  /** What the RFC calls the first byte: unknown options are written `{kind: 254, data: 0x…}`. */
  readonly codeName: "kind" | "type";
  /** The length byte counts the whole option, or only its data; in units of so many bytes. */
  readonly lengthCounts: "option" | "data";
  readonly unitBytes: 1 | 8;
  /** Name of the single-byte option after which only zeroes follow. */
  readonly end?: string;
  /** Options that mean nothing and fill up. */
  readonly fillers: readonly string[];
  /** Bytes that fill up options of this size. */
  readonly pad: (sizeBytes: number) => Uint8Array;
}

/** Zeroes up to a multiple of four bytes (TCP, IPv4). */
export function zeroPad(sizeBytes: number): Uint8Array {
  return new Uint8Array(-sizeBytes & 3);
}

/**
 * The codec of an option list. Items in canonical form: `nop`, `{mss: 1460}`, `{timestamps: {value, echo}}`,
 * `{kind: 254, data}` for what the table lacks, `{raw}` for bytes that are no option at all. Padding that
 * the encoder would add by itself is not listed; everything else survives decoding and encoding byte for byte.
 */
export function optionList(format: OptionFormat): ListCodec {
  return {
    decode: ({ bytes, startBytes, endBytes }) => {
      const items = decodeOptions(format, bytes, startBytes, endBytes);
      return { items: withoutPadding(format, items, endBytes - startBytes), endBytes };
    },
    encode: (items) => {
      const bytes = encodeOptions(format, items);
      return join([bytes, format.pad(bytes.length)]);
    },
    parse: (items, path) => {
      const parsed = items.map((item) => parseOption(format, item as Plain, path));
      return withoutPadding(format, parsed, undefined);
    },
    format: (items) => (items.length === 0 ? "none" : items.map((item) => formatOption(format, item)).join(", ")),
    shape: { kind: "options", options: format.options, codeName: format.codeName },
  };
}

function decodeOptions(format: OptionFormat, bytes: Uint8Array, start: number, end: number): FieldValue[] {
  const items: FieldValue[] = [];
  let at = start;
  while (at < end) {
    const code = bytes[at]!;
    const single = format.options.find((option) => option.single && option.code === code);
    if (single?.name === format.end && single && bytes.subarray(at, end).some((byte) => byte !== 0)) {
      items.push(single.name, { raw: bytes.slice(at + 1, end) });
      break;
    }
    if (single) {
      items.push(single.name);
      at++;
      continue;
    }
    const size = at + 1 < end ? optionBytes(format, bytes[at + 1]!) : 0;
    if (size < 2 || at + size > end) {
      items.push({ raw: bytes.slice(at, end) });
      break;
    }
    items.push(decodeOption(format, code, bytes.slice(at + 2, at + size)));
    at += size;
  }
  return items;
}

function optionBytes(format: OptionFormat, length: number): number {
  return length * format.unitBytes + (format.lengthCounts === "data" ? 2 : 0);
}

function decodeOption(format: OptionFormat, code: number, data: Uint8Array): FieldValue {
  const option = format.options.find((candidate) => candidate.code === code && !candidate.single);
  const value = option && decodeData(option, data);
  return option && value !== undefined ? { [option.name]: value } : { [format.codeName]: code, data };
}

/** Undefined where the data does not have the shape of that option. */
function decodeData(option: OptionDef, data: Uint8Array): FieldValue | undefined {
  if (option.fields.length === 0) return data.length === 0 ? true : undefined;
  const records: FieldValue[] = [];
  let at = 0;
  do {
    const { values, endBytes, truncated } = decodeFields(option.fields, data, at, data.length);
    if (truncated || (option.repeated && endBytes === at)) return undefined;
    records.push(option.fields.length === 1 ? values[option.fields[0]!.name]! : values);
    at = endBytes;
  } while (option.repeated && at < data.length);
  if (at !== data.length) return undefined;
  return option.repeated ? records : records[0]!;
}

function encodeOptions(format: OptionFormat, items: readonly FieldValue[]): Uint8Array {
  return join(items.map((item) => encodeOption(format, item)));
}

function encodeOption(format: OptionFormat, item: FieldValue): Uint8Array {
  if (typeof item === "string") return Uint8Array.of(optionNamed(format, item)?.code ?? 0);
  const record = item as { readonly [name: string]: FieldValue };
  if (record["raw"] instanceof Uint8Array) return record["raw"];
  const code = record[format.codeName];
  if (code !== undefined) return tlv(format, Number(code), record["data"] as Uint8Array);
  const [name, value] = Object.entries(record)[0]!;
  const option = optionNamed(format, name)!;
  return tlv(format, option.code, encodeData(option, value));
}

function encodeData(option: OptionDef, value: FieldValue): Uint8Array {
  if (option.fields.length === 0) return new Uint8Array();
  const records = option.repeated ? (value as readonly FieldValue[]) : [value];
  return join(
    records.map((record) => {
      const only = option.fields.length === 1 ? option.fields[0] : undefined;
      return encodeFields(option.fields, only ? { [only.name]: record } : (record as Values)).bytes;
    }),
  );
}

function tlv(format: OptionFormat, code: number, data: Uint8Array): Uint8Array {
  const counted = data.length + (format.lengthCounts === "option" ? 2 : 0);
  const units = Math.ceil(counted / format.unitBytes);
  const bytes = new Uint8Array(optionBytes(format, units));
  bytes[0] = code;
  bytes[1] = units;
  bytes.set(data, 2);
  return bytes;
}

/**
 * Leaves out trailing fillers where encoding the rest puts exactly them there again. With `sizeBytes`,
 * the list has to come to exactly that size.
 */
function withoutPadding(
  format: OptionFormat,
  items: readonly FieldValue[],
  sizeBytes: number | undefined,
): readonly FieldValue[] {
  const kept = items.slice(0, items.findLastIndex((item) => !isFiller(format, item)) + 1);
  const whole = encodeOptions(format, items);
  const head = encodeOptions(format, kept);
  const again = join([head, format.pad(head.length)]);
  return sameBytes(again, whole) && (sizeBytes ?? whole.length) === whole.length ? kept : items;
}

function isFiller(format: OptionFormat, item: FieldValue): boolean {
  return format.fillers.includes(typeof item === "string" ? item : Object.keys(item)[0]!);
}

function optionNamed(format: OptionFormat, name: string): OptionDef | undefined {
  return format.options.find((option) => option.name === name);
}

function parseOption(format: OptionFormat, item: Plain, path: string): FieldValue {
  if (typeof item === "string") return parseNamed(format, item, true, path);
  if (typeof item !== "object" || item === null || item instanceof Uint8Array || Array.isArray(item)) {
    throw harnessError("packet", `${path}: ${show(item)} is not an option`, { hint: howToWrite(format) });
  }
  const record = item as { readonly [name: string]: Plain };
  const keys = Object.keys(record);
  if (record[format.codeName] !== undefined) return parseUnknown(format, record, path);
  if (keys.length !== 1) {
    throw harnessError("packet", `${path}: ${show(item)} is not one option`, {
      hint: `each option is an item of its own; ${howToWrite(format)}`,
    });
  }
  const name = keys[0]!;
  if (name === "raw") return { raw: parseFieldValue(bytesDef("raw"), record[name]!) };
  return parseNamed(format, name, record[name]!, path);
}

function parseNamed(format: OptionFormat, name: string, plain: Plain, path: string): FieldValue {
  const option = optionNamed(format, name.toLowerCase());
  if (option === undefined) {
    const close = nearest(
      name,
      format.options.map((one) => one.name),
    );
    throw harnessError("packet", `${path}: no option is called '${name}'`, {
      hint: close ? `did you mean '${close}'?` : howToWrite(format),
    });
  }
  if (option.single) return option.name;
  return { [option.name]: parseData(option, plain, `${path}.${option.name}`) };
}

function parseData(option: OptionDef, plain: Plain, path: string): FieldValue {
  if (option.fields.length === 0) return true;
  if (!option.repeated) return parseRecord(option.fields, plain, path);
  return (Array.isArray(plain) ? plain : [plain]).map((record: Plain) => parseRecord(option.fields, record, path));
}

/** Values of a small record (an option's or list item's fields); absent ones get their default. */
export function parseRecord(fields: readonly FieldDef[], plain: Plain, path: string): FieldValue {
  const only = fields.length === 1 ? fields[0]! : undefined;
  if (only) return parseFieldValue({ ...only, name: path }, plain);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain) || plain instanceof Uint8Array) {
    throw harnessError("packet", `${path} ${show(plain)} is not a map`, {
      hint: `write {${fields.map((def) => `${def.name}: …`).join(", ")}}`,
    });
  }
  const record = plain as { readonly [name: string]: Plain };
  const names = fields.map((def) => def.name);
  const unknown = Object.keys(record).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, names);
    throw harnessError("packet", `${path} has no field '${unknown}'`, {
      hint: close ? `did you mean '${close}'?` : `its fields are ${names.join(", ")}`,
    });
  }
  return Object.fromEntries(
    fields.map((def) => {
      const written = record[def.name];
      const fallback = typeof def.default === "function" ? zeroOf(def) : (def.default ?? zeroOf(def));
      return [def.name, written === undefined ? fallback : parseFieldValue(def, written)];
    }),
  );
}

function parseUnknown(format: OptionFormat, record: { readonly [name: string]: Plain }, path: string): FieldValue {
  const { [format.codeName]: code, data, ...rest } = record;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw harnessError("packet", `${path}: '${unknown}' does not belong to an option given by number`, {
      hint: `write {${format.codeName}: 254, data: 0x0102}`,
    });
  }
  const number = Number(
    parseFieldValue({ name: `${path}.${format.codeName}`, kind: "uint", sizeBits: 8, doc: "" }, code!),
  );
  const bytes = parseFieldValue(bytesDef(`${path}.data`), data ?? null) as Uint8Array;
  // In units of eight bytes, the rest of the last unit is zero; in any case this is how it will be read back.
  const encoded = tlv(format, number, bytes);
  if (encoded[1] !== Math.ceil((bytes.length + (format.lengthCounts === "option" ? 2 : 0)) / format.unitBytes)) {
    throw harnessError("packet", `${path}: ${bytes.length} bytes are too long for one option`);
  }
  return decodeOption(format, number, encoded.slice(2));
}

function bytesDef(name: string): FieldDef {
  return { name, kind: "bytes", sizeBits: 0, doc: "" };
}

function howToWrite(format: OptionFormat): string {
  return `known are ${format.options.map((option) => option.name).join(", ")}; others as {${format.codeName}: 254, data: 0x…}`;
}

function formatOption(format: OptionFormat, item: FieldValue): string {
  if (typeof item === "string") return item;
  const record = item as { readonly [name: string]: FieldValue };
  if (record["raw"] instanceof Uint8Array) return `raw 0x${toHex(record["raw"])}`;
  if (record[format.codeName] !== undefined) {
    return `${format.codeName} ${String(record[format.codeName])} 0x${toHex(record["data"] as Uint8Array)}`;
  }
  const [name, value] = Object.entries(record)[0]!;
  const option = optionNamed(format, name)!;
  if (option.fields.length === 0) return name;
  const records = option.repeated ? (value as readonly FieldValue[]) : [value];
  return `${name} ${records.map((one) => formatRecord(option.fields, one)).join(" ")}`;
}

/** `value 1 echo 2`, or only the value where there is one field. */
export function formatRecord(fields: readonly FieldDef[], record: FieldValue): string {
  if (fields.length === 1) return formatFieldValue(fields[0]!, record);
  const values = record as Values;
  return fields
    .flatMap((def) => {
      const value = values[def.name];
      return value === undefined ? [] : [`${def.name} ${formatFieldValue(def, value)}`];
    })
    .join(" ");
}

/** Concatenation. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
