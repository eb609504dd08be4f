import type { MapSpec } from "./object.js";
import type { MapPatch, Plan, PlannedEvents, PlannedExpectation, PlannedMapExpectation, PlannedStep } from "./plan.js";

/** What is in front of the names of a further object's maps: `node2/conntrack`. */
const separator = "/";

/** The name by which expectations and set-up speak of a map; the object under test has no name. */
export function qualified(object: string, map: string): string {
  return object === "" ? map : `${object}${separator}${map}`;
}

/** The object that a map belongs to, and the map's name there; the object under test is called "". */
export function ownerOf(map: string): { readonly object: string; readonly map: string } {
  const end = map.indexOf(separator);
  return end < 0 ? { object: "", map } : { object: map.slice(0, end), map: map.slice(end + 1) };
}

/** A plan as it concerns one of its objects, in which that object is the only one. */
export interface ObjectPlan {
  /** "" for the object under test. */
  readonly name: string;
  readonly plan: Plan;
}

/** One plan an object, the one under test first: each has the steps, but of maps and events only what is its own. */
export function plansByObject(plan: Plan): readonly [ObjectPlan, ...ObjectPlan[]] {
  const others = plan.objects.map(({ name, object, attach, globals }): ObjectPlan => {
    const [{ program, programType, hook, at }, ...rest] = attach;
    const own = { object, program, programType, hook, attach: rest, objects: [], globals, pins: {} };
    return { name, plan: { ...planOf(plan, name), ...own, topology: { ...plan.topology, attach: at } } };
  });
  return [{ name: "", plan: planOf(plan, "") }, ...others];
}

function planOf(plan: Plan, object: string): Plan {
  if (plan.objects.length === 0) return plan;
  const maps = patchesOf(plan.maps, object);
  return { ...plan, maps, steps: plan.steps.map((step) => stepOf(step, object)) };
}

function stepOf(step: PlannedStep, object: string): PlannedStep {
  const expect = expectationOf(step.expect, object);
  if (step.kind === "maps") return { ...step, expect, patches: patchesOf(step.patches, object) };
  return { ...step, expect };
}

function expectationOf(expectation: PlannedExpectation, object: string): PlannedExpectation {
  const on = Object.entries(expectation.on).map(([backend, own]) => [backend, expectationOf(own, object)] as const);
  return {
    ...expectation,
    maps: expectation.maps.flatMap((expected) => withOwnMap(expected, object) ?? []),
    events: expectation.events && eventsOf(expectation.events, object),
    globals: object === "" ? expectation.globals : [],
    on: Object.fromEntries(on),
  };
}

function patchesOf(patches: readonly MapPatch[], object: string): readonly MapPatch[] {
  return patches.flatMap((patch) => withOwnMap(patch, object) ?? []);
}

function withOwnMap<T extends MapPatch | PlannedMapExpectation>(item: T, object: string): T | undefined {
  const owner = ownerOf(item.map.name);
  const map: MapSpec = { ...item.map, name: owner.map };
  return owner.object === object ? { ...item, map } : undefined;
}

function eventsOf(events: PlannedEvents, object: string): PlannedEvents | undefined {
  const owner = ownerOf(events.map);
  return owner.object === object ? { ...events, map: owner.map } : undefined;
}
