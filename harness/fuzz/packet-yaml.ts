import { parse } from "yaml";
import { toHex, sameBytes } from "../model/hex.js";
import { HarnessError } from "../model/error.js";
import type { FieldValue, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { buildPacket } from "../packet/build.js";
import type { Plain } from "../packet/field-value.js";
import { formatFieldValue } from "../packet/field-value.js";
import { layer, layersOf } from "../packet/layer.js";
import { parsePacket } from "../packet/parse.js";
import type { FieldDef } from "../packet/protocol.js";
import { findProtocol } from "../packet/protocols.js";

/**
 * A packet as the layers of a scenario, with the fewest fields that give exactly these bytes: `[eth, ipv4: {ttl: 0},
 * udp]`. What layers cannot express (cut-off headers) is a payload behind what they can.
 */
export function packetYaml(packet: Packet): string {
  const layers = layersOf(parsePacket(packet));
  const exact = tryBuild(layers, packet) ? simplest(layers, packet) : [];
  const text = exact.length > 0 ? `[${exact.map(layerYaml).join(", ")}]` : undefined;
  return text !== undefined && readsBack(text, packet) ? text : rawYaml(packet);
}

/** Leaves out every field that follows from the rest. */
function simplest(layers: readonly LayerSpec[], packet: Packet): readonly LayerSpec[] {
  let best = layers;
  layers.forEach((spec, index) => {
    for (const name of Object.keys(spec.fields)) {
      const { [name]: _gone, ...fields } = best[index]!.fields;
      const candidate = best.with(index, { ...best[index]!, fields });
      if (tryBuild(candidate, packet)) best = candidate;
    }
  });
  return best;
}

function tryBuild(layers: readonly LayerSpec[], { bytes }: Packet): boolean {
  try {
    return sameBytes(buildPacket(layers).bytes, bytes);
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  }
}

function layerYaml({ protocol, fields }: LayerSpec): string {
  const written = findProtocol(protocol)!.fields.flatMap((def) => {
    const field = fields[def.name];
    return field ? [`${def.name}: ${valueYaml(def, field.value)}`] : [];
  });
  if (protocol === "payload") return written[0]?.replace(/^data: /, "payload: ") ?? "payload";
  return written.length === 0 ? protocol : `${protocol}: { ${written.join(", ")} }`;
}

function valueYaml(def: FieldDef, value: FieldValue): string {
  if (def.kind === "list" || value instanceof Uint8Array) {
    if (def.kind === "bytes" || def.kind === "list") return plainYaml(value);
  }
  const text = formatFieldValue(def, value);
  return /^[\w.]+$/.test(text) ? text : JSON.stringify(text);
}

function plainYaml(value: FieldValue): string {
  if (value instanceof Uint8Array) return bytesYaml(value);
  if (Array.isArray(value)) return `[${value.map((item: FieldValue) => plainYaml(item)).join(", ")}]`;
  if (typeof value === "object")
    return `{ ${Object.entries(value)
      .map(([name, part]) => `${name}: ${plainYaml(part)}`)
      .join(", ")} }`;
  return typeof value === "string" && !/^[\w-]+$/.test(value) ? JSON.stringify(value) : String(value);
}

/** Text where it is text. */
function bytesYaml(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  return /^[A-Za-z][\w ./:!-]*$/.test(text) ? JSON.stringify(text) : bytes.length === 0 ? '""' : `0x${toHex(bytes)}`;
}

/** The link-layer header, and everything behind it as bytes. */
function rawYaml({ bytes }: Packet): string {
  const address = (at: number): string =>
    `"${[...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}"`;
  const type = `0x${toHex(bytes.subarray(12, 14))}`;
  const rest = bytes.length > 14 ? `, payload: 0x${toHex(bytes.subarray(14))}` : "";
  return `[eth: { dst: ${address(0)}, src: ${address(6)}, type: ${type} }${rest}]`;
}

/** Whether a scenario that says so sends these bytes. */
function readsBack(text: string, packet: Packet): boolean {
  try {
    const items = parse(text, { schema: "core" }) as readonly (string | { readonly [name: string]: Plain })[];
    const layers = items.map((item) => {
      if (typeof item === "string") return layer(item);
      const [[name, value]] = Object.entries(item) as [[string, Plain]];
      return layer(name, typeof value === "number" && name === "payload" ? sourceOf(text) : value);
    });
    return tryBuild(layers, packet);
  } catch {
    return false;
  }
}

/** Hex digits of a payload, which YAML takes for a number. */
function sourceOf(text: string): string {
  return /payload: (0x[0-9a-f]+)/.exec(text)?.[1] ?? "";
}
