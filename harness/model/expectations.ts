import type { BackendName } from "./backend.js";
import type { GlobalSpec, MapSpec } from "./object.js";
import type { FaultObservation } from "./observation.js";
import type { Plan, PlannedEvents, PlannedExpectation, PlannedSend } from "./plan.js";

/** A step's expectations that count on a backend: the general ones and its own. */
export function expectationsOn(backend: BackendName, expectation: PlannedExpectation): PlannedExpectation[] {
  const own = expectation.on[backend];
  return own ? [expectation, own] : [expectation];
}

/** Everything that a plan's steps expect on a backend. */
export function allExpectations(backend: BackendName, plan: Plan): PlannedExpectation[] {
  return plan.steps.flatMap((step) => expectationsOn(backend, step.expect));
}

/**
 * Whether a step's packets may go by other programs alone: where there are others, and the step says which frames come
 * of its packets, but nothing of the program under test.
 */
export function mayMissProgram(backend: BackendName, { attach, objects }: Plan, { expect }: PlannedSend): boolean {
  const wanted = expectationsOn(backend, expect);
  const ofProgram = ({ verdict, packet, redirect, context, cost }: PlannedExpectation): boolean =>
    [verdict, packet, redirect, cost].some((each) => each !== undefined) || Object.keys(context).length > 0;
  const looksElsewhere = wanted.some(({ frames, path }) => frames.length > 0 || path !== undefined);
  return attach.length + objects.length > 0 && looksElsewhere && !wanted.some(ofProgram);
}

/** Global variables that some step expects something of, each once. */
export function expectedGlobals(backend: BackendName, plan: Plan): GlobalSpec[] {
  const globals = allExpectations(backend, plan).flatMap((expectation) => expectation.globals);
  return [...new Map(globals.map(({ global }) => [global.name, global])).values()];
}

/** What to say where a step expects something of global variables that went with the program. */
export function globalsGone(backend: BackendName, plan: Plan, step: number): FaultObservation[] {
  const planned = plan.steps[step];
  const wanted = planned && expectationsOn(backend, planned.expect).some(({ globals }) => globals.length > 0);
  const message = "the global variables are gone with the program";
  return wanted ? [{ kind: "fault", step, packet: undefined, message }] : [];
}

/** Maps of the object that some step expects something of, each once; inner maps are observed with their outer one. */
export function expectedMaps(backend: BackendName, plan: Plan): MapSpec[] {
  const maps = allExpectations(backend, plan).flatMap((expectation) => expectation.maps.map(({ map }) => map));
  const names = new Set(plan.object.maps.map(({ name }) => name));
  return [...new Map(maps.filter(({ name }) => names.has(name)).map((map) => [map.name, map])).values()];
}

/** Ring buffers and perf event arrays that some step expects events of, each once. */
export function expectedEvents(backend: BackendName, plan: Plan): PlannedEvents[] {
  const events = allExpectations(backend, plan).flatMap((expectation) => expectation.events ?? []);
  return [...new Map(events.map((event) => [event.map, event])).values()];
}
