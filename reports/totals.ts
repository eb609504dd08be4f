import type { RunEvent, Report, Totals } from "../harness/model/event.js";
import type { CaseResult } from "../harness/model/outcome.js";

export function countOutcomes(results: readonly CaseResult[]): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0, error: 0 };
  for (const { outcome } of results) totals[outcome]++;
  return totals;
}

/** The fold of a run's events: what `--json` writes. Results are sorted, so that `--jobs` changes nothing. */
export function foldReport(events: readonly RunEvent[]): Report {
  const start = events.find((event) => event.type === "start");
  if (!start) throw new Error("a run's events begin with `start`");
  const results = events.filter((event) => event.type === "result").map((event) => event.result);
  const end = events.find((event) => event.type === "end");
  return {
    schemaVersion: start.schemaVersion,
    environment: start.environment,
    seed: start.seed,
    totals: countOutcomes(results),
    durationMs: end?.durationMs ?? 0,
    results: sortResults(results).map(withoutEvidence),
  };
}

function withoutEvidence(result: CaseResult): Report["results"][number] {
  const { evidence: _evidence, ...rest } = result;
  return rest;
}

/** By file, then by place in the file, then by backend. */
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
