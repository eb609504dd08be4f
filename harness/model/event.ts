import type { BackendName } from "./backend.js";
import type { FunctionCoverage } from "./coverage.js";
import type { CaseDescription } from "./evidence.js";
import type { CaseResult, OutcomeKind } from "./outcome.js";
import type { System } from "./system.js";
import type { Trace } from "./trace.js";

/** 2: results with evidence, descriptions of cases, texts of files. */
export const eventSchemaVersion = 2;

/** One JSON line of a run. Reports read nothing but this stream. */
export type RunEvent =
  | {
      readonly type: "start";
      readonly schemaVersion: number;
      readonly environment: Environment;
      readonly seed: number;
      readonly total: number;
      /** ISO 8601, UTC. */
      readonly startedAt: string;
      /** Which part of the cases this is; undefined = all. */
      readonly shard?: { readonly index: number; readonly count: number } | undefined;
      /** Of a run that was joined from parts: which are missing, and what else does not fit; one sentence each. */
      readonly remarks?: readonly string[] | undefined;
      /** What the scenarios are about, where their folder says so. */
      readonly systems: readonly System[];
    }
  /** The text of a file that results point into. */
  | { readonly type: "file"; readonly path: string; readonly text: string }
  /** What all results of a case have in common; comes before the first of them. */
  | { readonly type: "case"; readonly description: CaseDescription }
  | { readonly type: "result"; readonly result: CaseResult }
  /** What the programs of the result before it executed. */
  | { readonly type: "coverage"; readonly functions: readonly FunctionCoverage[] }
  /** One packet of a case, instruction by instruction in the simulator: comes behind the case's results. */
  | { readonly type: "trace"; readonly trace: Trace }
  | { readonly type: "end"; readonly durationMs: number };

/** Where a result was measured: verifiers and kernels differ between point releases. */
export interface Environment {
  readonly packetproof: string;
  readonly node: string;
  readonly platform: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly libbpf: string | undefined;
  readonly backends: readonly { readonly backend: BackendName; readonly unavailable: string | undefined }[];
}

export type Totals = Record<OutcomeKind, number>;

/** What `--json FILE` of `run` holds: results without their evidence. */
export interface Report {
  readonly schemaVersion: number;
  readonly environment: Environment;
  readonly seed: number;
  readonly totals: Totals;
  readonly durationMs: number;
  readonly results: readonly Omit<CaseResult, "evidence">[];
}
