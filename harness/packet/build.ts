import { harnessError } from "../model/error.js";
import type { FieldValue, LinkType, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { givenValues, requirePresent } from "./given.js";
import { encodeFields, zeroOf } from "./header.js";
import { joinBytes } from "./join-bytes.js";
import { type EncodedLayer, placeLayers } from "./place.js";
import type { FieldDef, Neighbours, Protocol, Values } from "./protocol.js";
import { findProtocol, padding, protocolHint } from "./protocols.js";
import { settle } from "./settle.js";

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
  const encoded = layers.map((spec, i) => encodeLayer(spec, neighboursOf(layers, i)));
  const bytes = joinBytes(encoded.map(({ header }) => header.bytes));
  settle(bytes, placeLayers(encoded), (index, { def }) => layers[index]!.fields[def.name] === undefined);
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
  return { next: next === "payload" || next === padding.name ? undefined : next };
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
  requirePresent(definition, spec, header.values);
  return { definition, header };
}

function defaultOf(def: FieldDef, given: Values, around: Neighbours): FieldValue {
  if (typeof def.default === "function") return def.default(given, around);
  return def.default ?? zeroOf(def);
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

function truncate(bytes: Uint8Array, truncateBytes: number | undefined): Uint8Array {
  if (truncateBytes === undefined) return bytes;
  if (!Number.isInteger(truncateBytes) || truncateBytes < 0 || truncateBytes > bytes.length) {
    throw harnessError("packet", `the packet has ${bytes.length} bytes and cannot be cut off after ${truncateBytes}`);
  }
  return bytes.slice(0, truncateBytes);
}
