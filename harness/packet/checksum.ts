import { coverageOf, sumOf } from "./coverage.js";
import { explainChecksum } from "./explain.js";
import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket } from "./protocol.js";
import { networkLayerOf } from "./pseudo-header.js";

export { checkLengths, type LengthFinding } from "./lengths.js";
export { incrementalUpdate, internetChecksum, onesComplementSum } from "./sum.js";

/** What the oracle says of one checksum field. */
export interface ChecksumFinding {
  /** Index of the layer in the packet. */
  readonly layer: number;
  readonly protocol: string;
  readonly field: string;
  readonly offsetBytes: number;
  readonly actual: number;
  /** What a sender would have put there; equals `actual` where nothing can be said. */
  readonly expected: number;
  readonly ok: boolean;
  /** False where there is nothing to check: not computed, or not all of what it covers is here. */
  readonly applies: boolean;
  /** Why it does not apply, or the one mistake that gives the wrong sum, where one would. */
  readonly explanation: string | undefined;
}

export interface ChecksumOptions {
  /** The packet before the program changed it: then a sum that missed one of the changes is recognised. */
  readonly before?: ParsedPacket | undefined;
}

/** Recomputes every checksum in a packet, inner headers included. */
export function checkSums(parsed: ParsedPacket, options: ChecksumOptions = {}): readonly ChecksumFinding[] {
  return parsed.layers.flatMap((layer, index) =>
    layer.fields
      .filter((field) => field.def.checksum !== undefined)
      .map((field) => checkSum({ bytes: parsed.bytes, layers: parsed.layers, layer, index }, field, options)),
  );
}

function checkSum(context: LayerContext, field: ParsedField, options: ChecksumOptions): ChecksumFinding {
  const { layer, index } = context;
  const actual = Number(field.value);
  const place = {
    layer: index,
    protocol: layer.protocol,
    field: field.def.name,
    offsetBytes: field.offsetBits / 8,
    actual,
  };
  const exempt = whyNotChecked(context, field);
  if (exempt !== undefined) return { ...place, expected: actual, ok: true, applies: false, explanation: exempt };
  const coverage = coverageOf(context, field);
  const sum = sumOf(coverage);
  const expected = sum === 0 && field.def.checksum?.zeroMeansNone ? 0xffff : sum;
  if (sameChecksum(actual, expected) && !(actual === 0 && field.def.checksum?.zeroMeansNone)) {
    return { ...place, expected, ok: true, applies: true, explanation: undefined };
  }
  const explanation = explainChecksum(context, field, coverage, options.before);
  return { ...place, expected, ok: false, applies: true, explanation };
}

/** 0 and 0xffff are the two zeroes of ones' complement: a receiver's sum cannot tell them apart (RFC 1624 §3). */
function sameChecksum(a: number, b: number): boolean {
  return a % 0xffff === b % 0xffff;
}

function whyNotChecked(context: LayerContext, field: ParsedField): string | undefined {
  const { layers, layer, index } = context;
  const rule = field.def.checksum!;
  if (rule.covers === "header") return layer.headerTruncated ? "the header is cut off" : undefined;
  if (layer.quoted) return "part of a quoted packet, which may be cut off";
  if (layer.inFragment) return "a fragment, and the rest is elsewhere";
  if (layers.slice(0, index + 1).some((outer) => outer.truncated)) return "the packet is cut off";
  const network = networkLayerOf(layers, index);
  if (rule.pseudoProtocol !== undefined && network === undefined) return "there is no IP header around it";
  if (rule.zeroMeansNone && field.value === 0) return zeroIsAllowed(layers, network!, index);
  return undefined;
}

const tunnels = ["vxlan", "geneve", "gue", "ipv4", "ipv6"];

/** RFC 768: zero means none over IPv4. RFC 8200 §8.1: never over IPv6, but for tunnels that take RFC 6935's exception. */
function zeroIsAllowed(layers: readonly ParsedLayer[], network: number, index: number): string | undefined {
  if (layers[network]!.protocol === "ipv4") return "zero: not computed, which UDP over IPv4 may do";
  const content = layers[index + 1]?.protocol;
  return content !== undefined && tunnels.includes(content)
    ? "zero: not computed, which tunnels over IPv6 may do (RFC 6935)"
    : undefined;
}
