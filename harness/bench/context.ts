import type { BenchGroup, BenchResult } from "../model/bench.js";

/** What a benchmark gets from whoever starts it. */
export interface BenchContext {
  readonly seed: number;
  /** The definition's file, which other files are named relative to. */
  readonly file: string;
  /** An earlier result: its programs are measured beside today's, in the same rounds. */
  readonly previous: BenchResult | undefined;
  /** Says how far it is. */
  readonly progress: (text: string) => void;
}

export interface Measured {
  readonly groups: readonly BenchGroup[];
  /** What a reader has to know to read the figures rightly. */
  readonly notes: readonly string[];
}

/** A benchmark with nothing left to decide. */
export type Measure = (context: BenchContext) => Promise<Measured>;
