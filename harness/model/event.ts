import type { BackendName } from "./backend.js";
import type { CaseResult } from "./outcome.js";

export const eventSchemaVersion = 1;

/** One JSON line of a run. Reports read nothing but this stream. */
export type RunEvent =
  | {
      readonly type: "start";
      readonly schemaVersion: number;
      readonly environment: Environment;
      readonly seed: number;
      readonly total: number;
    }
  | { readonly type: "result"; readonly result: CaseResult }
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

export type Totals = Record<CaseResult["outcome"], number>;

/** What `--json FILE` of `run` holds. */
export interface Report {
  readonly schemaVersion: number;
  readonly environment: Environment;
  readonly seed: number;
  readonly totals: Totals;
  readonly durationMs: number;
  readonly results: readonly CaseResult[];
}
