import type { Case, Expectation, Scenario } from "../model/scenario.js";

/** Whether a case could not fail, whatever the program does: its author has forgotten to say what must come out. */
export function expectsNothing(scenario: Scenario, { steps }: Case): boolean {
  if (scenario.load.fails) return false;
  return steps.every((step) => {
    const judgedByItself = ["property", "ping", "http", "run", "tcp"].includes(step.kind);
    return !judgedByItself && isEmpty(step.expect);
  });
}

function isEmpty({ on, context, maps, frames, observed, globals, ...rest }: Expectation): boolean {
  const lists = [Object.keys(context), maps, frames, observed, globals];
  return (
    lists.every((list) => list.length === 0) &&
    Object.values(rest).every((part) => part === undefined) &&
    Object.values(on).every(isEmpty)
  );
}
