import { parsePacket } from "../../packet/parse.js";
import { pseudoHeaderBytes, pseudoHeaderOf } from "../../packet/pseudo-header.js";
import { onesComplementSum } from "../../packet/sum.js";

/** A checksum that the network card is to fill in; offsets from the frame's first byte. */
export interface PartialChecksum {
  readonly startBytes: number;
  readonly fieldBytes: number;
  /** What stands in the field until then: the pseudo-header's sum, not inverted. */
  readonly pseudoSum: number;
}

const protocolNumbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/**
 * Of a frame as a host's own sockets make it; undefined for what they send with a checksum or without any: other
 * protocols, fragments, tunnels, UDP with a checksum of zero.
 */
export function partialChecksumOf(frame: Uint8Array): PartialChecksum | undefined {
  const { layers } = parsePacket({ linkType: "ethernet", bytes: frame });
  const index = layers.findIndex(({ protocol }) => protocol in protocolNumbers);
  const layer = layers[index];
  if (!layer || layer.truncated || layer.inFragment || layer.quoted || layer.endBytes < frame.length) return undefined;
  const networks = layers.slice(0, index).filter(({ protocol }) => protocol === "ipv4" || protocol === "ipv6");
  const field = layer.fields.find(({ def }) => def.name === "checksum");
  if (networks.length !== 1 || !field || (layer.protocol === "udp" && field.value === 0)) return undefined;
  const startBytes = layer.offsetBytes;
  const pseudo = pseudoHeaderOf(layers, index, protocolNumbers[layer.protocol]!, frame.length - startBytes);
  if (!pseudo) return undefined;
  return {
    startBytes,
    fieldBytes: field.offsetBits / 8,
    pseudoSum: onesComplementSum(pseudoHeaderBytes(pseudo)),
  };
}
