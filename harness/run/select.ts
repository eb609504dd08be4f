import type { BackendName } from "../model/backend.js";
import type { Plan } from "../model/plan.js";
import type { PreparedScenario } from "./prepare.js";

export interface Selection {
  readonly backends: readonly BackendName[];
  /** Matched against `file › scenario › case`. */
  readonly grep: RegExp | undefined;
  /** The `index`-th of `count` parts, from 1. */
  readonly shard: { readonly index: number; readonly count: number } | undefined;
}

/** One case on one backend: the unit that is scheduled, run, judged and reported. */
export interface Job {
  readonly plan: Plan;
  readonly backend: BackendName;
}

export function planTitle(plan: Plan): string {
  return `${plan.file} › ${plan.scenario} › ${plan.caseName}`;
}

/** The jobs of a run in a fixed order: file, case, backend. A backend that a case does not name is no job at all. */
export function selectJobs(prepared: readonly PreparedScenario[], selection: Selection): Job[] {
  const { backends, grep, shard } = selection;
  const focused = prepared.some(({ scenario }) => scenario.cases.some((c) => c.only));
  const plans = prepared.flatMap(({ scenario, plans }) =>
    plans.filter((_, i) => !focused || scenario.cases[i]?.only === true),
  );
  return plans
    .filter((plan) => !grep || grep.test(planTitle(plan)))
    .filter((_, i) => !shard || i % shard.count === shard.index - 1)
    .flatMap((plan) =>
      backends.filter((name) => plan.backends?.includes(name) ?? true).map((backend) => ({ plan, backend })),
    );
}
