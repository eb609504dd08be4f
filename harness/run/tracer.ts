import { HarnessError } from "../model/error.js";
import type { CaseResult } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import type { Trace } from "../model/trace.js";
import { tracePlan } from "../sim/trace/trace-plan.js";
import { caseKey } from "./case-key.js";

export const tracedCases = ["failed", "all", "none"] as const;
export type TracedCases = (typeof tracedCases)[number];

/** Packets of a case that are traced: the ones that a mismatch names, else the first ones. */
const mostPackets = 4;
/** Instructions of a case; longer traces are for `packetproof trace`. */
const mostSteps = 20_000;
/** Failing cases of a run: who breaks a thousand looks at the first ones. */
const mostFailing = 200;

/** Traces packets of the cases of a run, each case once, whichever backend's result comes first. */
export class Tracer {
  readonly #plans: Map<string, Plan>;
  readonly #which: TracedCases;
  #failing = 0;

  constructor(plans: Map<string, Plan>, which: TracedCases = "none") {
    this.#plans = plans;
    this.#which = which;
  }

  *tracesFor(result: CaseResult): Generator<Trace> {
    const key = caseKey(result.file, result.case);
    const plan = this.#plans.get(key);
    if (!plan || !this.#isWanted(result)) return;
    this.#plans.delete(key);
    let steps = 0;
    for (const place of placesOf(plan, result)) {
      const trace = traceOf(plan, place);
      steps += trace?.runs.reduce((sum, run) => sum + run.steps.length, 0) ?? 0;
      if (!trace || steps > mostSteps) return;
      yield trace;
    }
  }

  #isWanted({ outcome }: CaseResult): boolean {
    if (this.#which === "all") return outcome !== "skipped";
    return this.#which === "failed" && outcome === "failed" && this.#failing++ < mostFailing;
  }
}

interface Place {
  readonly step: number;
  readonly packet: number;
}

function placesOf(plan: Plan, { mismatches }: CaseResult): Place[] {
  const named = mismatches.flatMap(({ stepIndex, packet }) =>
    stepIndex === undefined || packet === undefined ? [] : [{ step: stepIndex, packet }],
  );
  const all = plan.steps.flatMap((step) =>
    step.kind === "send" ? step.packets.map((_, packet) => ({ step: step.index, packet })) : [],
  );
  const places = new Map(
    [...named, ...(named.length > 0 ? [] : all)].map((each) => [`${each.step} ${each.packet}`, each]),
  );
  return [...places.values()].slice(0, mostPackets);
}

/** Undefined for what the simulator cannot run. */
function traceOf(plan: Plan, place: Place): Trace | undefined {
  try {
    return tracePlan(plan, place);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
