import type { Plan, PlannedSend } from "./plan.js";

/** The program that is in place when a step begins: 0 is the one under test, n the nth replacement. */
export function programBefore({ steps }: Plan, index: number): number {
  let current = 0;
  for (const step of steps.slice(0, index)) {
    const swap = step.kind === "swap" ? step.swap : step.kind === "send" ? step.meanwhile : undefined;
    if (swap) current = swap.times % 2 === 1 ? swap.to : swap.from;
  }
  return current;
}

/**
 * The programs that a step's repetitions meet one after the other, where nothing happens at the same time: with
 * swaps meanwhile they take turns, evenly spread over `times`.
 */
export function programsDuring(plan: Plan, { index, times, meanwhile }: PlannedSend): readonly number[] {
  if (!meanwhile) return [programBefore(plan, index)];
  const stretches = Math.min(times, meanwhile.times + 1);
  const last = meanwhile.times % 2 === 1 ? meanwhile.to : meanwhile.from;
  // The last stretch is that of the program that stays.
  const programs = Array.from({ length: stretches }, (_, i) => (i % 2 === 0 ? meanwhile.from : meanwhile.to));
  return [...programs.slice(0, -1), last];
}
