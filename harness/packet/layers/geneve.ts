import { harnessError } from "../../model/error.js";
import type { FieldValue } from "../../model/packet.js";
import type { Plain } from "../field-value.js";
import { decodeFields, encodeFields } from "../header.js";
import { etherTypes, nextByEtherType } from "../numbers.js";
import { joinBytes } from "../join-bytes.js";
import { formatRecord, parseRecord } from "../record.js";
import type { FieldDef, ListCodec, Protocol, Values } from "../protocol.js";
import { etherTypeOf } from "./eth.js";

/** An option on the wire (RFC 8926 §3.5); its length follows from the data, in units of 4 bytes. */
const wireFields: readonly FieldDef[] = [
  { name: "class", kind: "uint", sizeBits: 16, base: "hex", doc: "who defines the type" },
  { name: "type", kind: "uint", sizeBits: 8, base: "hex", doc: "its high bit says critical" },
  { name: "reserved", kind: "uint", sizeBits: 3, doc: "0" },
  { name: "length", kind: "uint", sizeBits: 5, doc: "of the data" },
  {
    name: "data",
    kind: "bytes",
    sizeBits: 0,
    sizeBytes: (values) => (values["length"] as number) * 4,
    doc: "in multiples of 4 bytes",
  },
];

const writtenFields = wireFields.filter((def) => def.name !== "length");
const mostDataBytes = 31 * 4;

const options: ListCodec = {
  decode: ({ bytes, startBytes, endBytes }) => {
    const items: FieldValue[] = [];
    let at = startBytes;
    while (at < endBytes) {
      const option = decodeFields(wireFields, bytes, at, endBytes);
      if (option.truncated) {
        items.push({ raw: bytes.slice(at, endBytes) });
        break;
      }
      items.push(Object.fromEntries(writtenFields.map((def) => [def.name, option.values[def.name]!])));
      at = option.endBytes;
    }
    return { items, endBytes };
  },
  encode: (items) => joinBytes(items.map((item) => encodeOption(item as Values))),
  parse: (items, path) => items.map((item) => parseOption(item, path)),
  format: (items) => (items.length === 0 ? "none" : items.map((item) => formatOption(item as Values)).join(", ")),
  shape: { kind: "structs", fields: writtenFields },
};

function encodeOption(option: Values): Uint8Array {
  if (option["raw"] instanceof Uint8Array) return option["raw"];
  const data = padded(option["data"] as Uint8Array);
  return encodeFields(wireFields, { ...option, length: data.length / 4, data }).bytes;
}

function parseOption(item: unknown, path: string): FieldValue {
  const { raw } = (item ?? {}) as Values;
  if (raw instanceof Uint8Array) return { raw };
  const option = parseRecord(writtenFields, item as Plain, path) as Values;
  const data = option["data"] as Uint8Array;
  if (data.length > mostDataBytes) {
    throw harnessError("packet", `${path}: an option holds at most ${mostDataBytes} bytes, not ${data.length}`);
  }
  return { ...option, data: padded(data) };
}

function padded(data: Uint8Array): Uint8Array {
  return joinBytes([data, new Uint8Array(-data.length & 3)]);
}

function formatOption(option: Values): string {
  return option["raw"] === undefined ? formatRecord(writtenFields, option) : "cut off";
}

export const geneve: Protocol = {
  name: "geneve",
  doc: "Generic network virtualization encapsulation (RFC 8926), in UDP to port 6081",
  fields: [
    { name: "version", kind: "uint", sizeBits: 2, doc: "0" },
    {
      name: "length",
      kind: "uint",
      sizeBits: 6,
      automatic: "length",
      expected: ({ layer }) => Math.floor((layer.headerBytes - 8) / 4),
      doc: "of the options, in units of 4 bytes",
    },
    {
      name: "flags",
      kind: "flags",
      sizeBits: 8,
      names: { O: 0x80, C: 0x40 },
      automatic: "flags",
      default: (given) => (hasCritical(given["options"]) ? 0x40 : 0),
      doc: "O control packet, C critical options: set where an option's type says so",
    },
    {
      name: "protocol",
      kind: "uint",
      sizeBits: 16,
      names: etherTypes,
      base: "hex",
      automatic: "next",
      default: (_, around) => etherTypeOf(around),
      doc: "EtherType of the payload",
    },
    { name: "vni", kind: "uint", sizeBits: 24, default: 1, doc: "virtual network identifier" },
    { name: "reserved", kind: "uint", sizeBits: 8, doc: "0" },
    {
      name: "options",
      kind: "list",
      sizeBits: 0,
      sizeBytes: (values) => (values["length"] as number) * 4,
      codec: options,
      doc: "list of {class, type, data}",
    },
  ],
  shorthand: "vni",
  next: (values) => (values["version"] === 0 ? nextByEtherType(values["protocol"]) : "payload"),
  summarize: (values) => `vni ${values["vni"] as number}`,
};

function hasCritical(items: FieldValue | undefined): boolean {
  return Array.isArray(items) && items.some((item) => Number((item as Values)["type"] ?? 0) >= 0x80);
}
