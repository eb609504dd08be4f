import type { BenchInterval } from "../../model/bench.js";
import { median } from "../statistics.js";

/** More resamples than this no longer move the bounds by what a table shows. */
const resamples = 2_000;

/** Two-sided: 0.95 leaves 2.5 % on either side. */
export type Confidence = 0.95 | 0.99;

/**
 * The median with its percentile-bootstrap confidence interval (Efron, 1979): the values are drawn anew with
 * replacement, and what the medians of the draws span is what the median of another run would be expected in. The
 * same seed gives the same interval.
 */
export function medianInterval(values: readonly number[], seed: number, confidence: Confidence = 0.95): BenchInterval {
  const random = mulberry32(seed);
  const sorted = values.toSorted((a, b) => a - b);
  const medians = Float64Array.from({ length: resamples }, () => medianOfDraw(sorted, random)).sort();
  const tail = (1 - confidence) / 2;
  return {
    middle: median(values),
    low: medians[Math.floor(tail * resamples)]!,
    high: medians[Math.ceil((1 - tail) * resamples) - 1]!,
  };
}

/** The median of as many values drawn with replacement: by counting, for sorting thousands of draws would take longest. */
function medianOfDraw(sorted: readonly number[], random: () => number): number {
  const drawn = new Uint16Array(sorted.length);
  for (let i = 0; i < sorted.length; i++) drawn[Math.floor(random() * sorted.length)]!++;
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return (nthOf(drawn, sorted, lower) + nthOf(drawn, sorted, upper)) / 2;
}

function nthOf(drawn: Uint16Array, sorted: readonly number[], n: number): number {
  let index = 0;
  for (let seen = drawn[0]!; seen <= n; seen += drawn[index]!) index++;
  return sorted[index]!;
}

/** Tommy Ettinger's mulberry32: 32 bits of state, uniform in [0, 1), plenty for drawing from some dozens of values. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
