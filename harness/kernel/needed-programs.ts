import type { MapPatch, Plan } from "../model/plan.js";
import { attachTypes, expectedAttachType, programTypeNumber } from "./program-types.js";

/** How a program is to be loaded; undefined leaves it to libbpf, which knows it from the section. */
export interface NeededProgram {
  readonly type: number | undefined;
  readonly attachType: number | undefined;
}

/**
 * The programs that a plan needs, by name: its entry, what else is attached, those that the object's program arrays start with, and those
 * that the plan's map entries name. Others stay out, so that a scenario for one program does not fail for another
 * one in the same file.
 */
export function neededPrograms(
  plan: Pick<Plan, "object" | "program" | "programType" | "hook" | "attach" | "maps" | "steps">,
): ReadonlyMap<string, NeededProgram> {
  const entry: NeededProgram = {
    type: programTypeNumber(plan.programType),
    attachType: expectedAttachType(plan.hook),
  };
  const needed = new Map<string, NeededProgram>();
  for (const map of plan.object.maps)
    if (map.type === "prog_array") for (const slot of map.slots) needed.set(slot.target, entry);
  const patches = [...plan.maps, ...plan.steps.flatMap((step) => (step.kind === "maps" ? step.patches : []))];
  for (const patch of patches) addReferred(patch, entry, needed);
  for (const { program, programType, hook } of plan.attach)
    needed.set(program.name, { type: programTypeNumber(programType), attachType: expectedAttachType(hook) });
  needed.set(plan.program.name, entry);
  return needed;
}

function addReferred({ value }: MapPatch, entry: NeededProgram, needed: Map<string, NeededProgram>): void {
  if (value?.kind === "inner") for (const patch of value.entries) addReferred(patch, entry, needed);
  // A tail call's target has to be of the caller's type and attach type.
  if (value?.kind === "program") needed.set(value.name, entry);
  const xdp = programTypeNumber("xdp");
  if (value?.kind === "device" && value.program !== undefined)
    needed.set(value.program, { type: xdp, attachType: attachTypes.BPF_XDP_DEVMAP });
  if (value?.kind === "cpu" && value.program !== undefined)
    needed.set(value.program, { type: xdp, attachType: attachTypes.BPF_XDP_CPUMAP });
}
