import type { BenchResult } from "../../harness/model/bench.js";
import type { Environment, Totals } from "../../harness/model/event.js";
import type { CaseDescription } from "../../harness/model/evidence.js";
import type { CaseResult, OutcomeKind } from "../../harness/model/outcome.js";
import type { coverageShares } from "../coverage.js";

/**
 * What page and generator agree on. The contents are read when the page opens and are all that lists and summaries
 * need; everything else is compressed, several cases together, and decoded when somebody looks.
 */
export interface PageContents {
  /** Undefined on a page of measurements alone. */
  readonly run: PageIndex | undefined;
  /** The element `measurement-n` has the whole of each. */
  readonly measurements: readonly Pick<BenchResult, "name" | "title" | "startedAt">[];
}

/** A run of scenarios. */
export interface PageIndex {
  readonly environment: Environment;
  readonly seed: number;
  /** What the joined parts of the run lack, one sentence each. */
  readonly remarks: readonly string[];
  readonly startedAt: string;
  readonly durationMs: number;
  readonly totals: Totals;
  readonly backends: readonly string[];
  readonly files: readonly IndexedFile[];
  readonly systems: readonly IndexedSystem[];
  readonly cases: readonly IndexedCase[];
  /** Of all C files; the element `coverage` has them one by one. Absent where nothing was counted. */
  readonly coverage: ReturnType<typeof coverageShares> | undefined;
  /** Number of archive parts with cases; part `n` is the element `part-n`. */
  readonly parts: number;
}

/** One scenario file. */
export interface IndexedFile {
  readonly path: string;
  readonly scenario: string;
}

export interface IndexedSystem {
  readonly id: string;
  readonly system: string;
  readonly program: string;
  /** Indexes of its scenario files. */
  readonly files: readonly number[];
}

export interface IndexedCase {
  readonly name: string;
  readonly file: number;
  /** For each backend of the index: what came of it; null where the case is not run there. */
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly durationsMs: readonly (number | null)[];
  /** First words of what is wrong, for the list. */
  readonly trouble: string | undefined;
  /** Archive part, and the place in it. */
  readonly part: number;
  readonly place: number;
  /** Archive of its traces, the element `traces-n`; they are long, and few look at them. */
  readonly traces?: number | undefined;
}

/** What an archive part holds: an array of these. */
export interface ArchivedCase {
  readonly description: CaseDescription | undefined;
  readonly results: readonly CaseResult[];
}

/** Element ids of the page. */
export const ids = {
  contents: "contents",
  files: "files",
  /** `FileCoverage[]`. */
  coverage: "coverage",
  part: (n: number) => `part-${n}`,
  traces: (n: number) => `traces-${n}`,
  measurement: (n: number) => `measurement-${n}`,
} as const;
