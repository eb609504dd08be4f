import type { Report, RunEvent, Totals } from "../harness/model/event.js";
import type { CaseResult } from "../harness/model/outcome.js";
import { recordRun, type RunRecord } from "./record.js";

export function countOutcomes(results: readonly Pick<CaseResult, "outcome">[]): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0, error: 0 };
  for (const { outcome } of results) totals[outcome]++;
  return totals;
}

/** The fold of a run's events: what `--json` writes. */
export function foldReport(events: readonly RunEvent[]): Report {
  return reportOf(recordRun(events));
}

export function reportOf({ start, results, durationMs }: RunRecord): Report {
  return {
    schemaVersion: start.schemaVersion,
    environment: start.environment,
    seed: start.seed,
    totals: countOutcomes(results),
    durationMs,
    results: results.map(withoutEvidence),
  };
}

function withoutEvidence(result: CaseResult): Report["results"][number] {
  const { evidence: _evidence, ...rest } = result;
  return rest;
}
