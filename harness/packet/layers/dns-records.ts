import { harnessError } from "../../model/error.js";
import type { FieldValue } from "../../model/packet.js";
import { readUint, writeUint } from "../bits.js";
import { type Plain, formatFieldValue, parseFieldValue, show } from "../field-value.js";
import { joinBytes } from "../join-bytes.js";
import { formatRecord } from "../record.js";
import type { FieldDef, ListCodec, ListSource, Values } from "../protocol.js";
import { decodeName, encodeName, parseName } from "./dns-name.js";

const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  DNSKEY: 48,
  SVCB: 64,
  HTTPS: 65,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

const { A, NS, CNAME, PTR, TXT, AAAA } = recordTypes;
const nameTypes: readonly number[] = [NS, CNAME, PTR];

const name: FieldDef = { name: "name", kind: "bytes", sizeBits: 0, text: true, doc: "domain name" };
const type: FieldDef = { name: "type", kind: "uint", sizeBits: 16, names: recordTypes, default: A, doc: "record type" };
const klass: FieldDef = {
  name: "class",
  kind: "uint",
  sizeBits: 16,
  names: { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 },
  default: 1,
  doc: "IN; for OPT the sender's UDP size",
};
const ttl: FieldDef = { name: "ttl", kind: "uint", sizeBits: 32, default: 300, doc: "seconds" };
const address4: FieldDef = { name: "data", kind: "ipv4", sizeBits: 32, doc: "address" };
const address6: FieldDef = { name: "data", kind: "ipv6", sizeBits: 128, doc: "address" };
const data: FieldDef = {
  name: "data",
  kind: "bytes",
  sizeBits: 0,
  doc: "address (A, AAAA), name (CNAME, NS, PTR), text (TXT)",
};

/** Reads as many items as `count` says, or until one makes no sense: what is left over stays payload. */
function section(
  count: string,
  fields: readonly FieldDef[],
  decodeItem: (source: ListSource, at: number) => { readonly item: Values; readonly endBytes: number } | undefined,
  encodeItem: (item: Values, before: Uint8Array) => Uint8Array,
  parseItem: (plain: { readonly [name: string]: Plain }, path: string) => Values,
): ListCodec {
  return {
    decode: (source) => {
      const items: Values[] = [];
      let at = source.startBytes;
      const wanted = Number(source.values[count] ?? 0);
      while (items.length < wanted) {
        const decoded = decodeItem(source, at);
        if (decoded === undefined) break;
        items.push(decoded.item);
        at = decoded.endBytes;
      }
      return { items, endBytes: at };
    },
    encode: (items, before) => {
      let message = before;
      for (const item of items) message = joinBytes([message, encodeItem(item as Values, message)]);
      return message.subarray(before.length);
    },
    parse: (items, path) => items.map((item) => parseItem(asMap(item as Plain, path), path)),
    format: (items) =>
      items.length === 0 ? "none" : items.map((item) => formatItem(item as Values, fields)).join(", "),
    shape: { kind: "structs", fields },
  };
}

/** A bare string is a name. */
function asMap(item: Plain, path: string): { readonly [name: string]: Plain } {
  if (typeof item === "string") return { name: item };
  if (typeof item === "object" && item !== null && !Array.isArray(item) && !(item instanceof Uint8Array)) {
    return item as { readonly [name: string]: Plain };
  }
  throw harnessError("packet", `${path}: ${show(item)} is not a record`, {
    hint: "write {name: example.com, type: A}",
  });
}

function formatItem(item: Values, fields: readonly FieldDef[]): string {
  const { name: owner, type: number, data: value } = item;
  const text = `${owner as string} ${formatFieldValue(type, number!)}`;
  if (!fields.includes(data)) return text;
  const others = formatRecord(fields.slice(2, -1), item);
  return `${text} ${others} ${formatData(Number(number), value!)}`;
}

function formatData(recordType: number, value: FieldValue): string {
  if (value instanceof Uint8Array)
    return formatFieldValue(recordType === A ? address4 : recordType === AAAA ? address6 : data, value);
  return typeof value === "string" ? value : show(value);
}

function decodeOwner({ bytes, layerBytes, endBytes }: ListSource, at: number, fixedBytes: number) {
  const owner = decodeName(bytes, layerBytes, at, endBytes);
  return owner === undefined || owner.endBytes + fixedBytes > endBytes ? undefined : owner;
}

function decodeQuestion(source: ListSource, at: number) {
  const owner = decodeOwner(source, at, 4);
  if (owner === undefined) return undefined;
  const uint16 = (offset: number) => readUint(source.bytes, (owner.endBytes + offset) * 8, 16);
  return { item: { name: owner.name, type: uint16(0), class: uint16(2) }, endBytes: owner.endBytes + 4 };
}

function decodeRecord(source: ListSource, at: number) {
  const owner = decodeOwner(source, at, 10);
  if (owner === undefined) return undefined;
  const uint = (offset: number, bits: number) => Number(readUint(source.bytes, (owner.endBytes + offset) * 8, bits));
  const start = owner.endBytes + 10;
  const end = start + uint(8, 16);
  if (end > source.endBytes) return undefined;
  const recordType = uint(0, 16);
  const value = decodeData(source, recordType, start, end);
  return {
    item: { name: owner.name, type: recordType, class: uint(2, 16), ttl: uint(4, 32), data: value },
    endBytes: end,
  };
}

function decodeData({ bytes, layerBytes }: ListSource, recordType: number, start: number, end: number): FieldValue {
  if (nameTypes.includes(recordType)) {
    const target = decodeName(bytes, layerBytes, start, end);
    if (target?.endBytes === end) return target.name;
  }
  const raw = bytes.slice(start, end);
  return recordType === TXT ? (decodeStrings(raw) ?? raw) : raw;
}

/** Character strings of a TXT record; one UTF-16 unit per byte, so that nothing is lost. */
function decodeStrings(raw: Uint8Array): readonly string[] | undefined {
  const strings: string[] = [];
  let at = 0;
  while (at < raw.length) {
    const end = at + 1 + raw[at]!;
    if (end > raw.length) return undefined;
    strings.push(String.fromCharCode(...raw.subarray(at + 1, end)));
    at = end;
  }
  return strings.length > 0 ? strings : undefined;
}

function encodeQuestion(item: Values, before: Uint8Array): Uint8Array {
  const fixed = new Uint8Array(4);
  writeUint(fixed, 0, 16, item["type"] as number);
  writeUint(fixed, 16, 16, item["class"] as number);
  return joinBytes([encodeName(item["name"] as string, before), fixed]);
}

function encodeRecord(item: Values, before: Uint8Array): Uint8Array {
  const owner = encodeName(item["name"] as string, before);
  const fixed = new Uint8Array(10);
  writeUint(fixed, 0, 16, item["type"] as number);
  writeUint(fixed, 16, 16, item["class"] as number);
  writeUint(fixed, 32, 32, item["ttl"] as number);
  const raw = encodeData(item["data"]!, joinBytes([before, owner, fixed]));
  writeUint(fixed, 64, 16, raw.length);
  return joinBytes([owner, fixed, raw]);
}

function encodeData(value: FieldValue, before: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encodeName(value, before);
  const strings = (value as readonly string[]).map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));
  return joinBytes(strings.map((bytes) => joinBytes([Uint8Array.of(bytes.length), bytes])));
}

function parseQuestion(plain: { readonly [name: string]: Plain }, path: string): Values {
  const { name: owner = ".", type: recordType, class: recordClass, ...rest } = plain;
  refuseOthers(rest, path, "name, type and class, in records also ttl and data");
  return {
    name: parseOwner(owner, path),
    type: recordType === undefined ? A : parseFieldValue(type, recordType),
    class: recordClass === undefined ? 1 : parseFieldValue(klass, recordClass),
  };
}

function parseRecord(plain: { readonly [name: string]: Plain }, path: string): Values {
  const { ttl: seconds, data: written, ...question } = plain;
  if (written === undefined) {
    throw harnessError("packet", `${path}: ${show(plain)} has no data`, {
      hint: "write {name: a.example, type: A, data: 192.0.2.1}",
    });
  }
  const head = parseQuestion(question, path);
  return {
    ...head,
    ttl: seconds === undefined ? 300 : parseFieldValue(ttl, seconds),
    data: parseData(Number(head["type"]), written, `${path}.data`),
  };
}

function refuseOthers(rest: object, path: string, known: string): void {
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw harnessError("packet", `${path} has no field '${unknown}'`, { hint: `its fields are ${known}` });
  }
}

function parseOwner(plain: Plain, path: string): string {
  if (typeof plain !== "string") throw harnessError("packet", `${path}: ${show(plain)} is not a domain name`);
  return canonicalName(plain);
}

/** As reading it back from the wire gives it. */
function canonicalName(text: string): string {
  parseName(text);
  const wire = encodeName(text, new Uint8Array());
  return decodeName(wire, 0, 0, wire.length)!.name;
}

function parseData(recordType: number, plain: Plain, path: string): FieldValue {
  if (plain instanceof Uint8Array || (typeof plain === "string" && /^0x/i.test(plain))) {
    return parseFieldValue({ ...data, name: path }, plain);
  }
  if (recordType === A) return parseFieldValue({ ...address4, name: path }, plain);
  if (recordType === AAAA) return parseFieldValue({ ...address6, name: path }, plain);
  if (nameTypes.includes(recordType)) return parseOwner(plain, path);
  if (recordType !== TXT) return parseFieldValue({ ...data, name: path }, plain);
  return (Array.isArray(plain) ? plain : [plain]).map((text: Plain) => parseString(text, path));
}

function parseString(plain: Plain, path: string): string {
  const bytes = parseFieldValue({ ...data, name: path, text: true }, plain) as Uint8Array;
  if (bytes.length > 255) throw harnessError("packet", `${path}: a character string has at most 255 bytes`);
  return String.fromCharCode(...bytes);
}

/** Section of questions, as many as the field `count` says. */
export function questions(count: string): ListCodec {
  return section(count, [name, type, klass], decodeQuestion, encodeQuestion, parseQuestion);
}

/** Section of resource records (RFC 1035 §4.1.3), as many as the field `count` says. */
export function records(count: string): ListCodec {
  return section(count, [name, type, klass, ttl, data], decodeRecord, encodeRecord, parseRecord);
}
