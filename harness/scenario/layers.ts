import { nearest } from "../model/nearest.js";
import type { FieldValue, Pattern } from "../model/packet.js";
import type { LayerPattern, LayerSpec, Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import type { FieldDef, Protocol } from "../packet/protocol.js";
import { findProtocol, protocolNames } from "../packet/protocols.js";
import { allOf, type Decoder, type Invalid, invalid, isNothing, mistyped, type Report } from "./decoder.js";
import type { Definitions, JsonSchema } from "./json-schema.js";
import type { EntryNode, Node } from "./node.js";
import { fieldPattern, fieldValue } from "./pattern.js";

/** Reads one kind of thing about a field: the value to send, or the pattern to match. */
interface FieldReader<T> {
  readonly name: "layer" | "match";
  decoder(def: FieldDef): Decoder<T>;
}

interface Layer<T> {
  readonly protocol: string;
  readonly fields: Readonly<Record<string, Located<T>>>;
  readonly span: Span;
}

const toBuild: FieldReader<FieldValue> = { name: "layer", decoder: fieldValue };
const toMatch: FieldReader<Pattern> = { name: "match", decoder: fieldPattern };

/** Layers to build: a list, outermost first, or a mapping where no protocol comes twice. */
export const layerSpecs: Decoder<readonly LayerSpec[]> = layers(toBuild);

/** Layers to match, written the same way. */
export const layerPatterns: Decoder<readonly LayerPattern[]> = layers(toMatch);

/** As `layerPatterns`, for a whole sequence of layers: `$` as the last item says that nothing follows. */
export const layerSequence: Decoder<readonly LayerPattern[]> = {
  decode(node, report) {
    if (node.kind !== "list") return mistyped(node, "a list of layers", report);
    const last = node.items.at(-1);
    const ends = last !== undefined && isEnd(last);
    const listed = layerPatterns.decode({ ...node, items: ends ? node.items.slice(0, -1) : node.items }, report);
    if (listed === invalid || !ends) return listed;
    return [...listed, { protocol: "$", fields: {}, span: last.span }];
  },
  schema: (definitions) => {
    const item = itemSchema(toMatch, definitions);
    return { type: "array", items: { anyOf: [item, { const: "$", description: "nothing follows" }] } };
  },
};

function isEnd(node: Node): boolean {
  return node.kind === "scalar" && node.source === "$";
}

function layers<T>(reader: FieldReader<T>): Decoder<readonly Layer<T>[]> {
  return {
    decode(node, report) {
      if (node.kind === "map") return allOf(node.entries.map((entry) => layer(entry, reader, report)));
      if (node.kind === "list") return allOf(node.items.map((item) => layerItem(item, reader, report)));
      return mistyped(node, "a list of layers", report, "for example: [eth, ipv4, {udp: {dport: 53}}]");
    },
    schema: (definitions) => ({
      anyOf: [{ type: "array", items: itemSchema(reader, definitions) }, mappingSchema(reader, definitions)],
    }),
  };
}

/** `udp`, or `udp: {dport: 53}`. */
function layerItem<T>(item: Node, reader: FieldReader<T>, report: Report): Layer<T> | Invalid {
  if (item.kind === "list") return mistyped(item, "a layer", report, "for example: udp: {dport: 53}");
  if (item.kind === "scalar") {
    if (isEnd(item))
      return report(item.span, "'$' says that nothing follows, so it can only be the last of what is expected");
    const nothing: Node = { kind: "scalar", value: null, source: "", span: item.span };
    return layer({ key: item.source, keySpan: item.span, value: nothing }, reader, report);
  }
  const [first, second] = item.entries;
  if (!first) return mistyped(item, "a layer", report, "for example: udp: {dport: 53}");
  if (second) {
    const field = findProtocol(first.key) && isNothing(first.value) && !findProtocol(second.key);
    return report(
      second.keySpan,
      `one layer for each item of the list, and '${first.key}' is this one's`,
      field ? `indent '${second.key}' more than '${first.key}'` : `start the next item with '- ${second.key}:'`,
    );
  }
  return layer(first, reader, report);
}

function layer<T>(entry: EntryNode, reader: FieldReader<T>, report: Report): Layer<T> | Invalid {
  const protocol = findProtocol(entry.key);
  if (!protocol) return unknownProtocol(entry, report);
  const fields = fieldsOf(protocol, entry, reader, report);
  if (fields === invalid) return invalid;
  const span = { ...entry.keySpan, end: laterOf(entry.keySpan, entry.value.span) };
  return { protocol: protocol.name, fields, span };
}

function laterOf(key: Span, value: Span): Span["end"] {
  return value.end.offset > key.end.offset ? value.end : key.end;
}

function fieldsOf<T>(
  protocol: Protocol,
  entry: EntryNode,
  reader: FieldReader<T>,
  report: Report,
): Readonly<Record<string, Located<T>>> | Invalid {
  const { key, keySpan, value } = entry;
  if (isNothing(value)) return {};
  const { shorthand } = protocol;
  if (value.kind !== "map" || writesMainField(protocol, value.entries)) {
    if (shorthand === undefined) return mistyped(value, `the fields of ${key}`, report, exampleOf(protocol));
    return fieldsOf(protocol, { key, keySpan, value: asField(shorthand, keySpan, value) }, reader, report);
  }
  const fields: Record<string, Located<T>> = {};
  let valid = true;
  for (const written of value.entries) {
    const def = protocol.fields.find((field) => field.name === written.key);
    const decoded = def ? reader.decoder(def).decode(written.value, report) : unknownField(protocol, written, report);
    if (decoded === invalid) valid = false;
    else fields[written.key] = { value: decoded, span: written.value.span };
  }
  return valid ? fields : invalid;
}

/** `{size: 100}` and its like are bytes, where none of their keys is a field: `payload: {size: 100}`. */
function writesMainField(protocol: Protocol, entries: readonly EntryNode[]): boolean {
  const main = protocol.fields.find(({ name }) => name === protocol.shorthand);
  const [first] = entries;
  if (main?.kind !== "bytes" || !first) return false;
  return !protocol.fields.some(({ name }) => name === first.key) && /^(text|hex|size|fill)$/.test(first.key);
}

/** `vlan: 100` for `vlan: {id: 100}`. */
function asField(name: string, keySpan: Span, value: Node): Node {
  return { kind: "map", entries: [{ key: name, keySpan, value }], span: value.span };
}

function exampleOf(protocol: Protocol): string | undefined {
  const [field] = protocol.fields;
  return field && `write '${protocol.name}: {${field.name}: …}', or only '${protocol.name}' for defaults`;
}

/** What people call it elsewhere. */
const otherProtocolNames: ReadonlyMap<string, string> = new Map([
  ["ethernet", "eth"],
  ["ether", "eth"],
  ["ip", "ipv4"],
  ["ip4", "ipv4"],
  ["ip6", "ipv6"],
  ["icmp6", "icmpv6"],
  ["icmp4", "icmp"],
  ["dot1q", "vlan"],
  ["802.1q", "vlan"],
  ["data", "payload"],
  ["raw", "payload"],
  ["ping", "icmp"],
]);

function unknownProtocol(entry: EntryNode, report: Report): Invalid {
  const other = otherProtocolNames.get(entry.key.toLowerCase());
  const near = other && findProtocol(other) ? other : nearest(entry.key, protocolNames);
  const hint = near ? `did you mean '${near}'?` : `known here: ${protocolNames.join(", ")}`;
  return report(entry.keySpan, `unknown protocol '${entry.key}'`, hint);
}

const otherFieldNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["source", ["sport", "src"]],
  ["destination", ["dport", "dst"]],
  ["dest", ["dport", "dst"]],
  ["saddr", ["src"]],
  ["daddr", ["dst"]],
  ["src", ["sport"]],
  ["dst", ["dport"]],
  ["source_port", ["sport"]],
  ["destination_port", ["dport"]],
  ["vid", ["id"]],
  ["check", ["checksum"]],
  ["csum", ["checksum"]],
  ["chksum", ["checksum"]],
  ["len", ["length", "totalLength", "total_length", "tot_len"]],
]);

function unknownField(protocol: Protocol, entry: EntryNode, report: Report): Invalid {
  const names = protocol.fields.map((field) => field.name);
  const near =
    otherFieldNames.get(entry.key.toLowerCase())?.find((name) => names.includes(name)) ?? nearest(entry.key, names);
  const hint = near ? `did you mean '${near}'?` : `${protocol.name} has: ${names.join(", ")}`;
  return report(entry.keySpan, `${protocol.name} has no field '${entry.key}'`, hint);
}

/** `udp`, or a mapping of one protocol. */
function itemSchema<T>(reader: FieldReader<T>, definitions: Definitions): JsonSchema {
  return definitions.refer(`${reader.name} item`, () => ({
    anyOf: [
      mappingSchema(reader, definitions),
      { enum: protocolNames, description: "the layer, with nothing said about its fields" },
    ],
  }));
}

function mappingSchema<T>(reader: FieldReader<T>, definitions: Definitions): JsonSchema {
  return definitions.refer(`${reader.name} mapping`, () => {
    const properties = protocolNames.map((name): [string, JsonSchema] => {
      const protocol = findProtocol(name)!;
      const described = definitions.refer(`${reader.name} ${name}`, () =>
        protocolSchema(protocol, reader, definitions),
      );
      return [name, { description: protocol.doc, anyOf: [described] }];
    });
    return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
  });
}

function protocolSchema<T>(protocol: Protocol, reader: FieldReader<T>, definitions: Definitions): JsonSchema {
  const properties = protocol.fields.map((def): [string, JsonSchema] => [
    def.name,
    { description: def.doc, ...reader.decoder(def).schema(definitions) },
  ]);
  const header = { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
  const short = protocol.fields.find((def) => def.name === protocol.shorthand);
  // A matrix may give all fields of a header.
  const variable = { type: "string", pattern: "^\\$" };
  return {
    anyOf: [header, { type: "null" }, variable, ...(short ? [reader.decoder(short).schema(definitions)] : [])],
  };
}
