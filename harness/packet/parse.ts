import type { FieldValue, Packet } from "../model/packet.js";
import { decodeFields } from "./header.js";
import type { ParsedLayer, ParsedPacket, Protocol } from "./protocol.js";
import { padding, payload, protocolOf } from "./protocols.js";

/**
 * Headers and fields of a packet, outermost first. Never throws and never judges: what is cut off or
 * contradicts itself is shown as far as it goes. Every byte belongs to exactly one layer.
 */
export function parsePacket(packet: Packet): ParsedPacket {
  const { bytes, linkType } = packet;
  const layers: ParsedLayer[] = [];
  let name = linkType === "ethernet" ? "eth" : ipVersionName(bytes[0]);
  let offset = 0;
  let limit = bytes.length;
  let quoted = false;
  let inFragment = false;
  while (name !== payload.name || offset < limit) {
    const layer = parseLayer(protocolOf(name), bytes, offset, { limit, quoted, inFragment });
    layers.push(layer);
    const { definition, values, endBytes } = layer;
    offset += layer.headerBytes;
    limit = endBytes;
    if (name === payload.name || layer.headerTruncated) break;
    quoted ||= definition.quotes?.(values) ?? false;
    inFragment ||= definition.isFragment?.(values) ?? false;
    name = definition.next(values, { bytes, startBytes: offset, endBytes });
  }
  addPadding(layers, bytes, offset);
  return { linkType, bytes, layers };
}

function ipVersionName(first: number | undefined): string {
  const version = (first ?? 0) >> 4;
  return version === 4 ? "ipv4" : version === 6 ? "ipv6" : "payload";
}

/** What the layers around one say of it. */
interface Around {
  readonly limit: number;
  readonly quoted: boolean;
  readonly inFragment: boolean;
}

function parseLayer(
  definition: Protocol,
  bytes: Uint8Array,
  offsetBytes: number,
  { limit: limitBytes, quoted, inFragment }: Around,
): ParsedLayer {
  const header = decodeFields(definition.fields, bytes, offsetBytes, limitBytes);
  const extent = header.truncated ? undefined : definition.extentBytes?.(header.values);
  const promised = extent === undefined ? limitBytes : offsetBytes + extent;
  return {
    protocol: definition.name,
    definition,
    offsetBytes,
    headerBytes: header.endBytes - offsetBytes,
    endBytes: Math.max(header.endBytes, Math.min(limitBytes, promised)),
    limitBytes,
    fields: header.fields,
    values: header.values,
    headerTruncated: header.truncated,
    truncated: header.truncated || (promised > limitBytes && !quoted && !inFragment),
    quoted,
    inFragment,
  };
}

/** Bytes behind a layer's own end but inside the one around it: Ethernet's padding, trailers. */
function addPadding(layers: ParsedLayer[], bytes: Uint8Array, contentEndBytes: number): void {
  let offset = contentEndBytes;
  for (const endBytes of [...layers.map((layer) => layer.endBytes).reverse(), bytes.length]) {
    if (endBytes <= offset) continue;
    layers.push(parseLayer(padding, bytes, offset, { limit: endBytes, quoted: false, inFragment: false }));
    offset = endBytes;
  }
}

/** A field of the nth layer of a protocol, or undefined where the packet has none. */
export function fieldOf(parsed: ParsedPacket, protocol: string, field: string, nth = 0): FieldValue | undefined {
  return parsed.layers.filter((layer) => layer.protocol === protocol)[nth]?.values[field];
}
