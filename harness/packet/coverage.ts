import type { LayerContext, ParsedField } from "./protocol.js";
import { type PseudoHeader, pseudoHeaderBytes, pseudoHeaderOf } from "./pseudo-header.js";
import { internetChecksum, onesComplementSum } from "./sum.js";

/** What one checksum field is computed over. */
export interface Coverage {
  /** Header and content (or only the header), with the checksum field zeroed. */
  readonly bytes: Uint8Array;
  /** Undefined where the protocol has none, or where there is no IP layer to make one from. */
  readonly pseudo: PseudoHeader | undefined;
}

export function coverageOf({ bytes, layers, layer, index }: LayerContext, field: ParsedField): Coverage {
  const rule = field.def.checksum!;
  const end = rule.covers === "header" ? layer.offsetBytes + layer.headerBytes : layer.endBytes;
  const covered = bytes.slice(layer.offsetBytes, end);
  const at = field.offsetBits / 8 - layer.offsetBytes;
  covered.fill(0, at, at + 2);
  const pseudo =
    rule.pseudoProtocol === undefined ? undefined : pseudoHeaderOf(layers, index, rule.pseudoProtocol, covered.length);
  return { bytes: covered, pseudo };
}

export function sumOf({ bytes, pseudo }: Coverage): number {
  return internetChecksum(bytes, pseudo ? onesComplementSum(pseudoHeaderBytes(pseudo)) : 0);
}

/** The value that a sender puts into a checksum field. */
export function checksumOf(context: LayerContext, field: ParsedField): number {
  const sum = sumOf(coverageOf(context, field));
  return sum === 0 && field.def.checksum?.zeroMeansNone ? 0xffff : sum;
}
