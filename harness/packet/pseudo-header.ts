import type { ParsedLayer } from "./protocol.js";

/** What a transport checksum sums besides the segment (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1). */
export interface PseudoHeader {
  /** Index of the IP layer that it is made from. */
  readonly network: number;
  readonly source: Uint8Array;
  /** With an IPv6 routing header that has segments left: the final destination, not the next hop. */
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly lengthBytes: number;
}

/** The IP layer around a layer, past IPv6 extension headers; undefined where there is none. */
export function networkLayerOf(layers: readonly ParsedLayer[], index: number): number | undefined {
  for (let i = index - 1; i >= 0; i--) {
    const { protocol } = layers[i]!;
    if (protocol === "ipv4" || protocol === "ipv6") return i;
    if (!protocol.startsWith("ipv6-") && protocol !== "ah") return undefined;
  }
  return undefined;
}

/** The pseudo-header for a segment of `lengthBytes` in the layer at `index`; undefined without an IP layer. */
export function pseudoHeaderOf(
  layers: readonly ParsedLayer[],
  index: number,
  protocol: number,
  lengthBytes: number,
): PseudoHeader | undefined {
  const network = networkLayerOf(layers, index);
  if (network === undefined) return undefined;
  const { src, dst } = layers[network]!.values;
  if (!(src instanceof Uint8Array) || !(dst instanceof Uint8Array)) return undefined;
  const destination = finalDestination(layers.slice(network + 1, index)) ?? dst;
  return { network, source: src, destination, protocol, lengthBytes };
}

/** RFC 8200 §8.1: with segments left, the last address; segment routing (RFC 8754) lists them in reverse. */
function finalDestination(between: readonly ParsedLayer[]): Uint8Array | undefined {
  const routing = between.find((layer) => layer.protocol === "ipv6-routing");
  const { type, segments_left: left, addresses } = routing?.values ?? {};
  if (left === undefined || left === 0 || !Array.isArray(addresses)) return undefined;
  const final: unknown = type === 4 ? addresses[0] : addresses.at(-1);
  return final instanceof Uint8Array ? final : undefined;
}

/** As bytes: addresses, then protocol and length in 32 bits each, which sums the same for IPv4's shorter form. */
export function pseudoHeaderBytes(pseudo: PseudoHeader): Uint8Array {
  const { source, destination, protocol, lengthBytes } = pseudo;
  const bytes = new Uint8Array(source.length + destination.length + 8);
  bytes.set(source);
  bytes.set(destination, source.length);
  const view = new DataView(bytes.buffer, source.length + destination.length);
  view.setUint32(0, protocol);
  view.setUint32(4, lengthBytes);
  return bytes;
}
