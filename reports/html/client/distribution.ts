import type { BenchBucket } from "../../../harness/model/bench.js";

/** Percentiles that are marked in plots and named in tables. */
export const percentiles = [
  { name: "p50", part: 0.5 },
  { name: "p90", part: 0.9 },
  { name: "p99", part: 0.99 },
  { name: "p99.9", part: 0.999 },
] as const;

/**
 * How far along the tail a share of samples is: 0 for none, 1 for 90 %, 2 for 99 %, 3 for 99.9 %. On an axis of these,
 * each further nine takes as much room as the one before it, and the tail can be seen.
 */
export function ninesOf(part: number): number {
  return -Math.log10(1 - part);
}

/** Points of the cumulative distribution: so many nines of the samples are at most `x`. The last sample has no nines. */
export function tail(histogram: readonly BenchBucket[]): { readonly x: number[]; readonly nines: number[] } {
  const all = histogram.reduce((sum, { count }) => sum + count, 0);
  const [x, nines]: [number[], number[]] = [[], []];
  let seen = 0;
  for (const { highNs, count } of histogram) {
    seen += count;
    if (seen === all) break;
    x.push(highNs);
    nines.push(ninesOf(seen / all));
  }
  return { x, nines };
}

/** Buckets of a plot are that much wider than the one before. */
const bucketRatio = 1.08;

/** Several histograms on one grid of buckets of equal relative width: shares of the samples in percent. */
export function shares(histograms: readonly (readonly BenchBucket[])[]): {
  /** Lower ends; one more than there are buckets. */
  readonly x: number[];
  readonly percents: (number | null)[][];
} {
  const bucketOf = ({ lowNs, highNs }: BenchBucket): number =>
    Math.floor(Math.log(Math.max(1, (lowNs + highNs) / 2)) / Math.log(bucketRatio));
  const all = histograms.flat().map(bucketOf);
  const [first, last] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), 0)];
  if (all.length === 0) return { x: [], percents: histograms.map(() => []) };
  const x = Array.from({ length: last - first + 2 }, (_, i) => bucketRatio ** (first + i));
  const percents = histograms.map((histogram) => {
    const samples = histogram.reduce((sum, { count }) => sum + count, 0);
    const counts = new Array<number>(x.length).fill(0);
    for (const bucket of histogram) counts[bucketOf(bucket) - first]! += bucket.count;
    return counts.map((count) => (100 * count) / samples);
  });
  return { x, percents };
}
