import type { PlannedRun, PlannedStep } from "../model/plan.js";
import type { Step } from "../model/scenario.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";

/** Commands in the background by name, as far as the steps of a case have been planned. */
export function commandsOf(steps: readonly PlannedStep[]): ReadonlyMap<string, PlannedRun> {
  const named = steps.flatMap((step) =>
    step.kind === "run" && step.background ? [[step.background.value, step] as const] : [],
  );
  return new Map(named);
}

/** Every command in the background is waited for, once, behind its beginning: else nobody would see how it ended. */
export function checkBackground(context: PlanContext, steps: readonly Step[]): void {
  const running = new Map<string, Step>();
  for (const step of steps) {
    if (step.kind === "run" && step.background) {
      const { value, span } = step.background;
      if (running.has(value)) wrong(context, span, `a command '${value}' runs in the background already`);
      running.set(value, step);
    }
    if (step.kind !== "wait" || running.delete(step.command.value)) continue;
    const { value, span } = step.command;
    const hint = didYouMean(value, [...running.keys()], "commands");
    wrong(context, span, `no command '${value}' runs in the background here`, hint);
  }
  for (const [name, step] of running)
    wrong(context, step.span, `nothing waits for '${name}', so nobody sees how it ends`, `add a step: wait: ${name}`);
}
