import { harnessError } from "../model/error.js";
import type { FieldValue, LinkType, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { encodeFields, zeroOf } from "./header.js";
import { join } from "./options.js";
import type { FieldDef, Neighbours, ParsedLayer, Protocol, Values } from "./protocol.js";
import { fieldHint, findField, findProtocol, padding, protocolHint } from "./protocols.js";
import { settle } from "./settle.js";
import { describeFieldValue } from "./field-value.js";

export { editPacket } from "./edit.js";

export interface BuildOptions {
  /** Cut the finished packet off after so many bytes; its headers still speak of all of it. */
  readonly truncateBytes?: number | undefined;
}

/**
 * Bytes of a stack of layers, outermost first. Fields that are left out get their default, or, where
 * they follow from the rest (lengths, checksums, next protocols), their right value; fields that are
 * given are written as given, however wrong. Throws HarnessError `packet` with the field's span.
 */
export function buildPacket(layers: readonly LayerSpec[], options: BuildOptions = {}): Packet {
  const linkType = linkTypeOf(layers);
  const placed = placeLayers(layers.map((spec, i) => encodeLayer(spec, neighboursOf(layers, i))));
  const bytes = join(placed.parts);
  settle(bytes, placed.layers, (index, { def }) => layers[index]!.fields[def.name] === undefined);
  return { linkType, bytes: truncate(bytes, options.truncateBytes) };
}

function linkTypeOf(layers: readonly LayerSpec[]): LinkType {
  const first = layers[0];
  if (first === undefined) throw harnessError("packet", "a packet needs at least one layer");
  if (first.protocol === "ipv4" || first.protocol === "ipv6") return "raw-ip";
  if (first.protocol === "eth" || first.protocol === "payload") return "ethernet";
  throw harnessError("packet", `a packet cannot begin with ${first.protocol}`, {
    span: first.span,
    hint: findProtocol(first.protocol)
      ? "begin with eth, or with ipv4 or ipv6 for a packet without link-layer header"
      : protocolHint(first.protocol),
  });
}

/** Padding is no layer's content, so nothing announces it. */
function neighboursOf(layers: readonly LayerSpec[], index: number): Neighbours {
  const next = layers[index + 1]?.protocol;
  return {
    previous: layers[index - 1]?.protocol,
    next: next === "payload" || next === padding.name ? undefined : next,
  };
}

interface EncodedLayer {
  readonly definition: Protocol;
  readonly header: ReturnType<typeof encodeFields>;
}

function encodeLayer(spec: LayerSpec, around: Neighbours): EncodedLayer {
  const definition = findProtocol(spec.protocol);
  if (definition === undefined) {
    throw harnessError("packet", `there is no protocol '${spec.protocol}'`, {
      span: spec.span,
      hint: protocolHint(spec.protocol),
    });
  }
  const given = givenValues(definition, spec);
  requireAnnounceable(spec, definition, around);
  const values: Record<string, FieldValue> = {};
  for (const def of definition.fields) values[def.name] = given[def.name] ?? defaultOf(def, given, around);
  const header = encodeFields(definition.fields, values);
  requirePresent(spec, definition, header.values);
  return { definition, header };
}

function defaultOf(def: FieldDef, given: Values, around: Neighbours): FieldValue {
  if (typeof def.default === "function") return def.default(given, around);
  return def.default ?? zeroOf(def);
}

function givenValues(definition: Protocol, spec: LayerSpec): Values {
  const given: Record<string, FieldValue> = {};
  for (const [name, { value, span }] of Object.entries(spec.fields)) {
    const def = findField(definition, name);
    if (def === undefined) {
      throw harnessError("packet", `${definition.name} has no field '${name}'`, {
        span,
        hint: fieldHint(definition, name),
      });
    }
    given[name] = value;
  }
  return given;
}

/** A field that this variant of the header does not have (an ICMP `id` in a redirect) would be lost silently. */
export function requirePresent(spec: LayerSpec, definition: Protocol, values: Values): void {
  for (const [name, { span }] of Object.entries(spec.fields)) {
    if (values[name] !== undefined) continue;
    const chooser = definition.fields.find(
      (def) => ["type", "flags"].includes(def.name) && values[def.name] !== undefined,
    );
    const variant = chooser ? ` with ${chooser.name} ${describeFieldValue(chooser, values[chooser.name]!)}` : "";
    throw harnessError("packet", `${definition.name}${variant} has no field '${name}'`, {
      span,
      hint: `it has ${Object.keys(values).join(", ")}; bytes behind the header go into a payload layer`,
    });
  }
}

/** Nothing in an Ethernet header can say that TCP follows: most likely a layer is missing between the two. */
function requireAnnounceable(spec: LayerSpec, definition: Protocol, { next }: Neighbours): void {
  const announcing = definition.fields.find((def) => def.automatic === "next");
  if (announcing === undefined || next === undefined || spec.fields[announcing.name] !== undefined) return;
  const known = Object.keys(announcing.names ?? {});
  if (known.includes(next) || findProtocol(next) === undefined) return;
  const between =
    known.includes("ipv4") && known.includes("arp")
      ? "put ipv4 or ipv6 between them"
      : "put another layer between them";
  throw harnessError("packet", `${next} cannot follow ${definition.name} directly`, {
    span: spec.span,
    hint: `${between}, or give ${definition.name}.${announcing.name} a value to build it all the same`,
  });
}

function placeLayers(encoded: readonly EncodedLayer[]): { layers: readonly ParsedLayer[]; parts: Uint8Array[] } {
  const parts = encoded.map(({ header }) => header.bytes);
  const ends = contentEnds(encoded, parts);
  let offsetBytes = 0;
  const layers = encoded.map(({ definition, header }, i): ParsedLayer => {
    const at = offsetBytes;
    offsetBytes += header.bytes.length;
    return {
      protocol: definition.name,
      definition,
      offsetBytes: at,
      headerBytes: header.bytes.length,
      endBytes: ends[i]!,
      limitBytes: ends[i]!,
      fields: header.fields.map((field) => ({ ...field, offsetBits: field.offsetBits + at * 8 })),
      values: header.values,
      truncated: false,
      headerTruncated: false,
      quoted: false,
    };
  });
  return { layers, parts };
}

/** Where each layer's content ends. A padding layer ends everything inside the innermost Ethernet frame still open. */
function contentEnds(encoded: readonly EncodedLayer[], parts: readonly Uint8Array[]): number[] {
  const totalBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const ends = new Array<number>(encoded.length).fill(totalBytes);
  let open: number[] = [];
  let offset = 0;
  for (const [i, { definition }] of encoded.entries()) {
    if (definition === padding) {
      const frame = open.findLastIndex((index) => encoded[index]!.definition.name === "eth");
      for (const index of open.slice(frame + 1)) ends[index] = offset;
      open = open.slice(0, Math.max(0, frame));
      ends[i] = offset + parts[i]!.length;
    } else open.push(i);
    offset += parts[i]!.length;
  }
  return ends;
}

function truncate(bytes: Uint8Array, truncateBytes: number | undefined): Uint8Array {
  if (truncateBytes === undefined) return bytes;
  if (!Number.isInteger(truncateBytes) || truncateBytes < 0 || truncateBytes > bytes.length) {
    throw harnessError("packet", `the packet has ${bytes.length} bytes and cannot be cut off after ${truncateBytes}`);
  }
  return bytes.slice(0, truncateBytes);
}
