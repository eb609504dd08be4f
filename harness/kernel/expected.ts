import type { BackendName } from "../model/backend.js";
import type { MapSpec } from "../model/object.js";
import type { Plan, PlannedEvents, PlannedExpectation } from "../model/plan.js";

/** A step's expectations that count on a backend: the general ones and its own. */
export function expectationsOn(backend: BackendName, expectation: PlannedExpectation): PlannedExpectation[] {
  const own = expectation.on[backend];
  return own ? [expectation, own] : [expectation];
}

/** Everything that a plan's steps expect on a backend. */
export function allExpectations(backend: BackendName, plan: Plan): PlannedExpectation[] {
  return plan.steps.flatMap((step) => expectationsOn(backend, step.expect));
}

/** Maps that some step expects something of, each once. */
export function expectedMaps(backend: BackendName, plan: Plan): MapSpec[] {
  const maps = allExpectations(backend, plan).flatMap((expectation) => expectation.maps.map(({ map }) => map));
  return [...new Map(maps.map((map) => [map.name, map])).values()];
}

/** Ring buffers and perf event arrays that some step expects events of, each once. */
export function expectedEvents(backend: BackendName, plan: Plan): PlannedEvents[] {
  const events = allExpectations(backend, plan).flatMap((expectation) => expectation.events ?? []);
  return [...new Map(events.map((event) => [event.map, event])).values()];
}

export function expectsPrintk(backend: BackendName, plan: Plan): boolean {
  return allExpectations(backend, plan).some((expectation) => expectation.printk !== undefined);
}
