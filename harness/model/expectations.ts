import type { BackendName } from "./backend.js";
import type { MapSpec } from "./object.js";
import type { Plan, PlannedExpectation } from "./plan.js";

/** A step's expectations that count on a backend: the general ones and its own. */
export function expectationsOn(backend: BackendName, expectation: PlannedExpectation): PlannedExpectation[] {
  const own = expectation.on[backend];
  return own ? [expectation, own] : [expectation];
}

/** Everything that a plan's steps expect on a backend. */
export function allExpectations(backend: BackendName, plan: Plan): PlannedExpectation[] {
  return plan.steps.flatMap((step) => expectationsOn(backend, step.expect));
}

/** Maps of the object that some step expects something of, each once; inner maps are observed with their outer one. */
export function expectedMaps(backend: BackendName, plan: Plan): MapSpec[] {
  const maps = allExpectations(backend, plan).flatMap((expectation) => expectation.maps.map(({ map }) => map));
  const names = new Set(plan.object.maps.map(({ name }) => name));
  return [...new Map(maps.filter(({ name }) => names.has(name)).map((map) => [map.name, map])).values()];
}
