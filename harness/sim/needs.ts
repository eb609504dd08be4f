import { allExpectations } from "../model/expectations.js";
import type { MapPatch, Plan } from "../model/plan.js";

/** Of the simulated machine, unless a plan needs more. */
const fewestCpus = 4;

/** CPUs for all the senders of a plan, and for all the values that it gives to a per-CPU entry. */
export function neededCpus(plan: Plan): number {
  const values = patchesOf(plan).map(({ value }) => (value?.kind === "perCpu" ? value.values.length : 0));
  const senders = plan.steps.map((step) => (step.kind === "send" ? step.senders : 0));
  return Math.max(fewestCpus, ...values, ...senders);
}

/** The programs that may run: the plan's own, those that tail calls lead to, and those of devices and CPUs in maps. */
export function neededPrograms(plan: Plan): ReadonlySet<string> {
  const { object, program } = plan;
  const slots = object.maps.flatMap((map) => (map.type === "prog_array" ? map.slots : []));
  const named = patchesOf(plan).flatMap(({ value }): readonly string[] => {
    if (value?.kind === "program") return [value.name];
    return (value?.kind === "device" || value?.kind === "cpu") && value.program !== undefined ? [value.program] : [];
  });
  return new Set([program.name, ...slots.map(({ target }) => target), ...named]);
}

/** Names of the maps that user space sets, or whose contents are judged. */
export function neededMaps(plan: Plan): ReadonlySet<string> {
  const judged = allExpectations("sim", plan).flatMap(({ maps }) =>
    maps.filter(({ entries, others, count }) => entries.length > 0 || others !== "any" || count !== undefined),
  );
  return new Set([...patchesOf(plan), ...judged].map(({ map }) => map.name));
}

/** All that user space sets, in maps of maps too. */
function patchesOf({ maps, steps }: Plan): MapPatch[] {
  const withInner = (patch: MapPatch): MapPatch[] =>
    patch.value?.kind === "inner" ? [patch, ...patch.value.entries.flatMap(withInner)] : [patch];
  return [...maps, ...steps.flatMap((step) => (step.kind === "maps" ? step.patches : []))].flatMap(withInner);
}
