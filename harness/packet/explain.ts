import { type Coverage, sumOf } from "./coverage.js";
import { causesInCoverage } from "./explain-coverage.js";
import { causesInHistory, withOldField } from "./explain-history.js";
import { causesInPseudoHeader } from "./explain-pseudo-header.js";
import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket } from "./protocol.js";
import { incrementalUpdate } from "./sum.js";

/** One mistake that programs make, and the checksum that it gives. */
export interface Cause {
  readonly sum: number;
  readonly sentence: string;
}

/**
 * One sentence: which single mistake gives exactly the wrong sum that is there, most likely one first;
 * undefined where none does. `before` is the packet that the program was given, where it is known.
 */
export function explainChecksum(
  context: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): string | undefined {
  const actual = Number(field.value);
  for (const cause of causes(context, field, coverage, before)) {
    if (cause.sum === actual) return cause.sentence;
  }
  if (actual !== 0) return undefined;
  return field.def.checksum?.zeroMeansNone
    ? "it is zero: over IPv6 a UDP checksum must be computed (RFC 8200 §8.1)"
    : "it is zero: it was never computed";
}

function* causes(
  context: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): Generator<Cause> {
  const right = sumOf(coverage);
  yield* causesInHistory(context, field, coverage, before);
  yield { sum: ~right & 0xffff, sentence: "it is the right sum, but not inverted (RFC 1071: store the complement)" };
  yield {
    sum: swap(right),
    sentence: "it is the right sum with its two bytes swapped (htons missing, or one too many)",
  };
  yield* causesInArithmetic(right);
  if (coverage.pseudo) yield* causesInPseudoHeader(context, coverage.bytes, coverage.pseudo);
  yield* causesInCoverage(context, field, coverage);
  yield* causesInStaleTtl(context.layer, coverage);
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >> 8);
}

function* causesInArithmetic(right: number): Generator<Cause> {
  const carry = "an end-around carry was lost (RFC 1071: add the carries back in)";
  yield { sum: incrementalUpdate(right, 1, 0), sentence: `it is off by one: ${carry}` };
  yield { sum: incrementalUpdate(right, 0, 1), sentence: "it is off by one: a carry was added twice" };
}

/** What a router that forgets the checksum leaves. Only a byte: a wider field could explain any sum at all. */
function* causesInStaleTtl(layer: ParsedLayer, coverage: Coverage): Generator<Cause> {
  const ttl = layer.fields.find((field) => field.def.name === "ttl");
  if (ttl === undefined) return;
  for (let old = 0; old < 256; old++) {
    if (old === ttl.value) continue;
    const sentence = `it is right for a ttl of ${old}, and the header says ${Number(ttl.value)}`;
    yield { sum: sumOf({ ...coverage, bytes: withOldField(coverage.bytes, layer, ttl, old) }), sentence };
  }
}
