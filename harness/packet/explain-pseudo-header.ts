import type { Cause } from "./explain.js";
import { ipProtocols } from "./numbers.js";
import type { LayerContext, ParsedLayer } from "./protocol.js";
import { type PseudoHeader, pseudoHeaderBytes } from "./pseudo-header.js";
import { internetChecksum, onesComplementSum } from "./sum.js";

/** Pseudo-headers that programs get wrong, most likely first. `bytes` is what the sum covers besides. */
export function* causesInPseudoHeader(
  { layers, layer, index }: LayerContext,
  bytes: Uint8Array,
  pseudo: PseudoHeader,
): Generator<Cause> {
  const partial = onesComplementSum(pseudoHeaderBytes(pseudo));
  yield {
    sum: partial,
    sentence: "it is only the sum of the pseudo-header: CHECKSUM_PARTIAL, left for the network card to complete",
  };
  yield { sum: internetChecksum(bytes), sentence: "the pseudo-header is missing from it" };
  const variant = (change: Partial<PseudoHeader>, sentence: string): Cause => ({
    sum: withPseudo(bytes, { ...pseudo, ...change }),
    sentence: `the pseudo-header in it has ${sentence}`,
  });
  const network = layers[pseudo.network]!;
  yield* otherAddresses(layers, pseudo).map(([addresses, name]) => variant(addresses, name));
  yield* wrongLengths(layers, index, pseudo).map(([lengthBytes, name]) =>
    variant({ lengthBytes }, `a length of ${lengthBytes} (${name}) instead of ${pseudo.lengthBytes}`),
  );
  yield* wrongProtocols(network, pseudo).map(([protocol, name]) =>
    variant({ protocol }, `protocol ${protocol} (${name}) instead of ${pseudo.protocol}`),
  );
  const { source, destination } = pseudo;
  yield variant({ source: reversed(source), destination: reversed(destination) }, "both addresses in host byte order");
  yield variant({ source: reversed(source) }, "the source address in host byte order");
  yield variant({ destination: reversed(destination) }, "the destination address in host byte order");
  yield variant({ source: new Uint8Array() }, "no source address");
  yield variant({ destination: new Uint8Array() }, "no destination address");
  yield variant({ source: destination }, "the destination address twice and the source address not at all");
  yield variant({ destination: source }, "the source address twice and the destination address not at all");
  yield {
    sum: withPseudo(bytes.subarray(0, layer.headerBytes), pseudo),
    sentence: "it covers the header only, not the payload",
  };
}

/** Addresses that the packet holds elsewhere: the next hop's, another IP header's. */
function otherAddresses(
  layers: readonly ParsedLayer[],
  pseudo: PseudoHeader,
): readonly (readonly [Partial<PseudoHeader>, string])[] {
  const nextHop = layers[pseudo.network]!.values["dst"] as Uint8Array;
  const others = layers.flatMap(({ protocol, values }, i) => {
    const { src, dst } = values;
    const isOther = (protocol === "ipv4" || protocol === "ipv6") && i !== pseudo.network;
    if (!isOther || !(src instanceof Uint8Array) || !(dst instanceof Uint8Array)) return [];
    const where = i < pseudo.network ? "outer" : "inner";
    return [[{ source: src, destination: dst }, `the addresses of the ${where} ${protocol} header`] as const];
  });
  const final = "the IPv6 header's destination instead of the routing header's last address (RFC 8200 §8.1)";
  return nextHop === pseudo.destination ? others : [[{ destination: nextHop }, final], ...others];
}

/** Lengths that are mistaken for the segment's. */
function wrongLengths(
  layers: readonly ParsedLayer[],
  index: number,
  pseudo: PseudoHeader,
): readonly (readonly [number, string])[] {
  const layer = layers[index]!;
  const network = layers[pseudo.network]!;
  const right = pseudo.lengthBytes;
  const whole = network.endBytes - network.offsetBytes;
  const candidates: readonly (readonly [number, string])[] = [
    [whole, `that of the whole ${network.protocol} packet`],
    ...(network.protocol === "ipv6"
      ? [[whole - 40, "IPv6's payload length, extension headers included"] as const]
      : []),
    [right - layer.headerBytes, "that of the payload without its header"],
    [right + layer.headerBytes, "the header counted twice"],
    [layer.headerBytes, "that of the header alone"],
    [layers[0]!.endBytes, "that of the whole frame"],
    [0, "none at all"],
    [swap(right & 0xffff), "the right one in host byte order"],
  ];
  return candidates.filter(([length]) => length !== right && length >= 0);
}

function wrongProtocols(network: ParsedLayer, pseudo: PseudoHeader): readonly (readonly [number, string])[] {
  const announced = Number(network.values["next"] ?? network.values["protocol"]);
  const names = Object.entries(ipProtocols);
  const nameOf = (number: number): string => names.find(([, value]) => value === number)?.[0] ?? "unknown";
  const candidates = [announced, ...["tcp", "udp", "icmp", "icmpv6"].map((name) => ipProtocols[name]!)];
  const others = [...new Set(candidates)].filter((number) => number !== pseudo.protocol);
  return [
    ...others.map((number) => [number, nameOf(number)] as const),
    [0, "none at all"],
    [pseudo.protocol << 8, "byte-swapped"],
  ];
}

/** In 32-bit words, as ntohl() would. */
function reversed(address: Uint8Array): Uint8Array {
  return address.map((_, i) => address[(i & ~3) + 3 - (i & 3)]!);
}

function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}

function withPseudo(bytes: Uint8Array, pseudo: PseudoHeader): number {
  return internetChecksum(bytes, onesComplementSum(pseudoHeaderBytes(pseudo)));
}
