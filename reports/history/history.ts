import type { Environment, Totals } from "../../harness/model/event.js";
import type { OutcomeKind } from "../../harness/model/outcome.js";
import { caseKey, type RunRecord } from "../record.js";
import { countOutcomes } from "../totals.js";

/** One run of the past, in numbers. */
export interface PastRun {
  readonly startedAt: string;
  readonly environment: Environment;
  readonly totals: Totals;
  readonly durationMs: number;
}

/** A case on a backend over all runs. */
export interface CaseHistory {
  readonly file: string;
  readonly case: string;
  readonly backend: string;
  /** One for each run, from the earliest on; null where the run did not have it. */
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly durationsMs: readonly (number | null)[];
  /**
   * How often the outcome went to and fro, of the times it could have: 0 for a case that always does the same, and
   * for one that broke or was mended once; 1 for one that is different every time.
   */
  readonly flakeScore: number;
}

export interface History {
  /** From the earliest on. */
  readonly runs: readonly PastRun[];
  /** The least steady first, then what fails now, then by name. */
  readonly cases: readonly CaseHistory[];
}

/** What several runs say together. */
export function historyOf(records: readonly RunRecord[]): History {
  const runs = [...records].sort((a, b) => (a.start.startedAt < b.start.startedAt ? -1 : 1));
  const cases = new Map<
    string,
    { file: string; case: string; backend: string; seen: Map<number, [OutcomeKind, number]> }
  >();
  for (const [index, { results }] of runs.entries()) {
    for (const { file, case: name, backend, outcome, durationMs } of results) {
      const key = `${caseKey({ file, case: name })}\0${backend}`;
      const known = cases.get(key) ?? { file, case: name, backend, seen: new Map() };
      cases.set(key, known);
      known.seen.set(index, [outcome, durationMs]);
    }
  }
  const histories = [...cases.values()].map(({ seen, ...place }): CaseHistory => {
    const outcomes = runs.map((_, index) => seen.get(index)?.[0] ?? null);
    const durationsMs = runs.map((_, index) => seen.get(index)?.[1] ?? null);
    return { ...place, outcomes, durationsMs, flakeScore: flakeScore(outcomes) };
  });
  return {
    runs: runs.map(({ start, results, durationMs }) => ({
      startedAt: start.startedAt,
      environment: start.environment,
      totals: countOutcomes(results),
      durationMs,
    })),
    cases: histories.sort(
      (a, b) =>
        b.flakeScore - a.flakeScore || Number(isFailing(b)) - Number(isFailing(a)) || (nameOf(a) < nameOf(b) ? -1 : 1),
    ),
  };
}

/** Skipped runs say nothing about steadiness. */
function flakeScore(outcomes: readonly (OutcomeKind | null)[]): number {
  const known = outcomes
    .filter((outcome) => outcome !== null && outcome !== "skipped")
    .map((outcome) => outcome === "passed");
  const changes = known.filter((outcome, i) => i > 0 && outcome !== known[i - 1]).length;
  return changes < 2 ? 0 : (changes - 1) / (known.length - 2);
}

/** In the last run that had it. */
export function isFailing({ outcomes }: CaseHistory): boolean {
  const last = outcomes.findLast((outcome) => outcome !== null);
  return last === "failed" || last === "error";
}

export function nameOf({ file, case: name, backend }: CaseHistory): string {
  return `${file} › ${name} [${backend}]`;
}
