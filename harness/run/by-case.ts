import type { BackendName } from "../model/backend.js";
import type { CaseResult } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import { disagreements } from "../judge/agreement.js";
import { caseKey } from "./case-key.js";
import type { Job } from "./select.js";

interface CaseResults {
  readonly plan: Plan;
  /** In the order of the jobs. */
  readonly results: readonly CaseResult[];
}

/** A case's results together, when the last of its backends is done; what an interruption left at the end. */
export async function* byCase(jobs: readonly Job[], results: AsyncIterable<CaseResult>): AsyncGenerator<CaseResults> {
  const open = new Map<string, { plan: Plan; backends: BackendName[]; results: CaseResult[] }>();
  for (const { plan, backend } of jobs) {
    const key = caseKey(plan.file, plan.caseName);
    const known = open.get(key);
    if (known) known.backends.push(backend);
    else open.set(key, { plan, backends: [backend], results: [] });
  }
  for await (const result of results) {
    const key = caseKey(result.file, result.case);
    const ofCase = open.get(key);
    if (!ofCase) continue;
    ofCase.results.push(result);
    if (ofCase.results.length < ofCase.backends.length) continue;
    open.delete(key);
    const { plan, backends } = ofCase;
    yield { plan, results: ofCase.results.sort((a, b) => backends.indexOf(a.backend) - backends.indexOf(b.backend)) };
  }
  for (const { plan, results: some } of open.values()) if (some.length > 0) yield { plan, results: some };
}

/** Where backends contradict each other, the last one's result is a failure that says so. */
export function compared(plan: Plan, results: readonly CaseResult[]): readonly CaseResult[] {
  const found = disagreements(plan, results);
  const last = results.findLast(({ outcome }) => outcome === "passed" || outcome === "failed");
  if (found.length === 0 || !last) return results;
  const failed: CaseResult = { ...last, outcome: "failed", mismatches: [...last.mismatches, ...found] };
  return results.map((result) => (result === last ? failed : result));
}
