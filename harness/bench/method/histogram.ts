import type { BenchBucket, BenchLatency } from "../../model/bench.js";

/** Buckets between a power of two and the next: none is wider than 1/128 of its values. */
const perOctave = 128;
/** Below this, each nanosecond has its own bucket. */
const exactBelow = 2 * perOctave;

/**
 * Samples in nanoseconds, counted in buckets of equal relative width (a high dynamic range histogram), so that a
 * percentile is as precise at a millisecond as at a microsecond and the memory does not grow with the samples.
 */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #samples = 0;
  #sumNs = 0;
  #minNs = Number.POSITIVE_INFINITY;
  #maxNs = 0;

  get samples(): number {
    return this.#samples;
  }

  add(ns: number): void {
    const value = Math.round(ns);
    const bucket = bucketOf(value);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#samples++;
    this.#sumNs += value;
    this.#minNs = Math.min(this.#minNs, value);
    this.#maxNs = Math.max(this.#maxNs, value);
  }

  /** Undefined of no samples. */
  latency(): BenchLatency | undefined {
    if (this.#samples === 0) return undefined;
    const histogram = this.#buckets();
    const percentile = (part: number): number => Math.min(this.#maxNs, valueAt(histogram, part * this.#samples));
    return {
      samples: this.#samples,
      meanNs: this.#sumNs / this.#samples,
      minNs: this.#minNs,
      p50Ns: percentile(0.5),
      p90Ns: percentile(0.9),
      p99Ns: percentile(0.99),
      p999Ns: percentile(0.999),
      maxNs: this.#maxNs,
      histogram,
    };
  }

  #buckets(): readonly BenchBucket[] {
    return [...this.#counts].sort(([a], [b]) => a - b).map(([bucket, count]) => ({ ...boundsOf(bucket), count }));
  }
}

/** The end of the bucket in which the sample of that rank lies. */
function valueAt(histogram: readonly BenchBucket[], rank: number): number {
  let seen = 0;
  for (const { highNs, count } of histogram) {
    seen += count;
    if (seen >= rank) return highNs;
  }
  return histogram.at(-1)!.highNs;
}

function bucketOf(value: number): number {
  if (value < exactBelow) return value;
  const octave = Math.floor(Math.log2(value));
  const width = 2 ** octave / perOctave;
  return octave * perOctave + Math.floor(value / width) - perOctave + firstWide;
}

/** Keeps the numbers of wide buckets behind those of the exact ones. */
const firstWide = exactBelow - Math.log2(exactBelow) * perOctave;

function boundsOf(bucket: number): { lowNs: number; highNs: number } {
  if (bucket < exactBelow) return { lowNs: bucket, highNs: bucket };
  const place = bucket - firstWide;
  const octave = Math.floor(place / perOctave);
  const width = 2 ** octave / perOctave;
  const lowNs = (perOctave + (place % perOctave)) * width;
  return { lowNs, highNs: lowNs + width - 1 };
}
