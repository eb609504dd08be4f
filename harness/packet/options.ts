import { harnessError } from "../model/error.js";
import { sameBytes } from "../model/hex.js";
import type { FieldValue } from "../model/packet.js";
import { joinBytes } from "./join-bytes.js";
import { decodeFields, encodeFields } from "./header.js";
import { type OptionFormat, optionNamed } from "./option-format.js";
import { formatOption, parseOption } from "./option-text.js";
import type { ListCodec, OptionDef, Values } from "./protocol.js";

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
  const decode = (bytes: Uint8Array): readonly FieldValue[] =>
    withoutPadding(format, decodeOptions(format, bytes), bytes);
  const encode = (items: readonly FieldValue[]): Uint8Array => {
    const bytes = encodeOptions(format, items);
    return joinBytes([bytes, format.pad(bytes.length)]);
  };
  return {
    decode: ({ bytes, startBytes, endBytes }) => ({ items: decode(bytes.slice(startBytes, endBytes)), endBytes }),
    encode,
    // As they will be read back: numbers that have a name get it, what stands behind the end is raw.
    parse: (items, path) => decode(encode(items.map((item) => parseOption(format, item, path)))),
    format: (items) => (items.length === 0 ? "none" : items.map((item) => formatOption(format, item)).join(", ")),
    shape: { kind: "options", options: format.options, codeName: format.codeName },
  };
}

function decodeOptions(format: OptionFormat, bytes: Uint8Array): readonly FieldValue[] {
  const items: FieldValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at]!;
    const single = format.options.find((option) => option.single && option.code === code);
    const size = single ? 1 : at + 1 < bytes.length ? optionBytes(format, bytes[at + 1]!) : 0;
    const fits = single !== undefined || (size >= 2 && at + size <= bytes.length);
    if (!fits) return [...items, { raw: bytes.slice(at) }];
    items.push(single ? single.name : decodeOption(format, code, bytes.slice(at + 2, at + size)));
    at += size;
    const rest = bytes.slice(at);
    if (single && single.name === format.end && rest.some((byte) => byte !== 0)) return [...items, { raw: rest }];
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
  return joinBytes(items.map((item) => encodeOption(format, item)));
}

function encodeOption(format: OptionFormat, item: FieldValue): Uint8Array {
  if (typeof item === "string") return Uint8Array.of(optionNamed(format, item)!.code);
  const record = item as Values;
  if (record["raw"] instanceof Uint8Array) return record["raw"];
  const code = record[format.codeName];
  if (code !== undefined) return encodeTlv(format, Number(code), record["data"] as Uint8Array);
  const [name, value] = Object.entries(record)[0]!;
  const option = optionNamed(format, name)!;
  return encodeTlv(format, option.code, encodeData(option, value));
}

function encodeData(option: OptionDef, value: FieldValue): Uint8Array {
  if (option.fields.length === 0) return new Uint8Array();
  const only = option.fields.length === 1 ? option.fields[0] : undefined;
  const records = option.repeated ? (value as readonly FieldValue[]) : [value];
  return joinBytes(
    records.map((record) => encodeFields(option.fields, only ? { [only.name]: record } : (record as Values)).bytes),
  );
}

function encodeTlv(format: OptionFormat, code: number, data: Uint8Array): Uint8Array {
  const counted = data.length + (format.lengthCounts === "option" ? 2 : 0);
  const units = Math.ceil(counted / format.unitBytes);
  if (units > 0xff) {
    throw harnessError("packet", `${data.length} bytes are too long for one option`, {
      hint: `its length byte counts up to 255${format.unitBytes > 1 ? ` times ${format.unitBytes}` : ""} bytes`,
    });
  }
  const bytes = new Uint8Array(optionBytes(format, units));
  bytes[0] = code;
  bytes[1] = units;
  bytes.set(data, 2);
  return bytes;
}

/** Leaves out trailing fillers where encoding the rest puts exactly them there again. */
function withoutPadding(format: OptionFormat, items: readonly FieldValue[], bytes: Uint8Array): readonly FieldValue[] {
  const kept = items.slice(0, items.findLastIndex((item) => !isFiller(format, item)) + 1);
  const head = encodeOptions(format, kept);
  return sameBytes(joinBytes([head, format.pad(head.length)]), bytes) ? kept : items;
}

function isFiller(format: OptionFormat, item: FieldValue): boolean {
  return format.fillers.includes(typeof item === "string" ? item : Object.keys(item)[0]!);
}
