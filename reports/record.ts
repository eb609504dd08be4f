import type { FunctionCoverage } from "../harness/model/coverage.js";
import type { CaseDescription } from "../harness/model/evidence.js";
import type { RunEvent } from "../harness/model/event.js";
import type { CaseResult } from "../harness/model/outcome.js";
import type { Trace } from "../harness/model/trace.js";
import { mergeCoverage } from "./coverage.js";

export type StartEvent = Extract<RunEvent, { type: "start" }>;

/** A run's events put in order: what every report is a function of. The same for one run and for its merged shards. */
export interface RunRecord {
  readonly start: StartEvent;
  /** By file, then by place in the file, then by backend: `--jobs` changes nothing. */
  readonly results: readonly CaseResult[];
  /** By `caseKey`. */
  readonly cases: ReadonlyMap<string, CaseDescription>;
  /** By `caseKey`. */
  readonly traces: ReadonlyMap<string, readonly Trace[]>;
  /** The sum of all results; empty where nothing was counted. */
  readonly coverage: readonly FunctionCoverage[];
  /** Texts of files by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly durationMs: number;
}

export function caseKey({ file, case: name }: { readonly file: string; readonly case: string }): string {
  return `${file}\0${name}`;
}

/** Throws where the events are not those of a run. */
export function recordRun(events: readonly RunEvent[]): RunRecord {
  const start = events.find((event) => event.type === "start");
  if (!start) throw new Error("a run's events begin with `start`");
  const cases = new Map<string, CaseDescription>();
  const traces = new Map<string, Trace[]>();
  const files = new Map<string, string>();
  const coverage: FunctionCoverage[] = [];
  const results: CaseResult[] = [];
  let durationMs = 0;
  for (const event of events) {
    if (event.type === "case") cases.set(caseKey(event.description), event.description);
    else if (event.type === "file") files.set(event.path, event.text);
    else if (event.type === "result") results.push(event.result);
    else if (event.type === "trace")
      traces.set(caseKey(event.trace), [...(traces.get(caseKey(event.trace)) ?? []), event.trace]);
    else if (event.type === "coverage") coverage.push(...event.functions);
    else if (event.type === "end") durationMs = event.durationMs;
  }
  return {
    start,
    results: sortResults(results),
    cases,
    traces,
    coverage: mergeCoverage(coverage),
    files,
    durationMs,
  };
}

function sortResults(results: readonly CaseResult[]): CaseResult[] {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...results].sort(
    (a, b) =>
      order(a.file, b.file) ||
      a.span.start.offset - b.span.start.offset ||
      order(a.case, b.case) ||
      order(a.backend, b.backend),
  );
}
