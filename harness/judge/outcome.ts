import type { BackendName } from "../model/backend.js";
import type { Observation } from "../model/observation.js";
import type { CaseResult, Outcome } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import type { Judgement } from "./judge.js";

/** What a case comes to on a backend: expected failures turn round, and what could not be seen is never "passed". */
export function outcomeOf(plan: Plan, backend: BackendName, judgement: Judgement): Outcome {
  const { mismatches, missing } = judgement;
  const reason = plan.xfail[backend];
  if (reason !== undefined) {
    if (mismatches.length > 0) return { kind: "passed" };
    const [span, step] = [plan.span, "case"];
    const actual =
      missing.length > 0 ? `nothing failed, ${missing.join(", ")} not seen` : "it passed: remove the xfail";
    const unexpected = { what: "xfail", expected: `a failure: ${reason}`, actual, span, step, details: [] };
    return { kind: "failed", mismatches: [unexpected] };
  }
  if (mismatches.length > 0) return { kind: "failed", mismatches };
  if (missing.length > 0) return { kind: "skipped", reason: `not seen on ${backend}: ${missing.join(", ")}` };
  return { kind: "passed" };
}

/** The least and the most that a packet cost; undefined where nothing was counted. */
export function costSummary(observations: readonly Observation[]): CaseResult["cost"] {
  const costs = observations.filter((o) => o.kind === "cost");
  if (costs.length === 0) return undefined;
  const calls = costs.map(({ helpers }) => Object.values(helpers).reduce((sum, count) => sum + count, 0));
  return { instructions: range(costs.map(({ instructions }) => instructions)), helperCalls: range(calls) };
}

function range(numbers: readonly number[]): readonly [number, number] {
  return [Math.min(...numbers), Math.max(...numbers)];
}

/** The verdicts seen, in order, each once where the same repeats: `XDP_PASS`, `XDP_DROP, XDP_TX`. */
export function verdictSummary(observations: readonly Observation[]): string | undefined {
  const names = observations.filter((o) => o.kind === "verdict").map((o) => o.possible.join("|"));
  const changes = names.filter((name, i) => name !== names[i - 1]);
  return changes.length > 0 ? changes.join(", ") : undefined;
}
