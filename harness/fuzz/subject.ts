import type { Plan, PlannedProperty } from "../model/plan.js";
import type { Command, Input } from "./input.js";

/** A program in the state in which every input finds it. */
export type Subject = Pick<Plan, "object" | "program" | "programType" | "globals" | "maps" | "topology" | "seed"> & {
  /** What has happened to it since it was loaded. */
  readonly before: Input;
};

/** As it is after the steps that come before a property, where that is one of the plan's own. */
export function subjectOf(plan: Plan, step: PlannedProperty): Plan & Subject {
  return { ...plan, before: plan.steps.includes(step) ? inputBefore(plan) : [] };
}

function inputBefore({ steps }: Plan): Input {
  return steps.flatMap((step): Command[] => {
    if (step.kind === "maps") return [{ kind: "update", patches: step.patches }];
    if (step.kind === "clock") return [{ kind: "clock", durationNs: BigInt(step.advanceMs) * 1_000_000n }];
    if (step.kind !== "send") return [];
    const packets = step.packets.map((packet): Command => ({ kind: "packet", packet }));
    return Array.from({ length: step.times }, () => packets).flat();
  });
}
