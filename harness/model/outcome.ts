import type { BackendName } from "./backend.js";
import type { FunctionCoverage } from "./coverage.js";
import type { CaseEvidence } from "./evidence.js";
import type { Span } from "./span.js";

/** One thing that is not as the scenario says. */
export interface Mismatch {
  /** What differs, as one would say it: `ipv4.ttl`, `verdict`, `maps.counter[0]`, `printk line 2`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** Where the scenario says so. */
  readonly span: Span;
  readonly step: string;
  /** Index of the step among the plan's, and of the packet among the step's, where it is about one. */
  readonly stepIndex?: number;
  readonly packet?: number;
  /** What the scenario would have to say instead, where that is one value in place of another: for `run --update`. */
  readonly written?: string;
  /** More lines: packets in one notation, hex with offsets, why a checksum is wrong. */
  readonly details: readonly string[];
}

/** What the harness says of a case; never to be mixed up with a program's verdict. */
export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly mismatches: readonly Mismatch[] }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "error"; readonly code: string; readonly message: string };

export type OutcomeKind = Outcome["kind"];

/** One case on one backend: the record of `--json` (DESIGN.md §5) and of the event stream. */
export interface CaseResult {
  readonly file: string;
  readonly scenario: string;
  readonly case: string;
  readonly backend: BackendName;
  readonly outcome: OutcomeKind;
  /** The verdicts seen, one a packet, in order; undefined where none was. */
  readonly verdict: string | undefined;
  readonly mismatches: readonly Mismatch[];
  /** The least and the most that a packet's run cost; undefined where it cannot be counted. */
  readonly cost?:
    undefined | { readonly instructions: readonly [number, number]; readonly helperCalls: readonly [number, number] };
  /** What kept the case from being checked in full (skipped), by name. */
  readonly missing: readonly string[];
  /** For errors: code and message. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly durationMs: number;
  /** The command that runs exactly this again. */
  readonly replay: string;
  readonly span: Span;
  /** What the program executed, where that was asked for and can be counted. */
  readonly coverage?: readonly FunctionCoverage[] | undefined;
  /** What was seen; for people and their reports. */
  readonly evidence?: CaseEvidence | undefined;
}
