import { allExpectations } from "../../model/expectations.js";
import { isDeviceHook } from "../../model/hook.js";
import type { Plan } from "../../model/plan.js";

/**
 * Whether packets of a plan's `send` steps have to go through its network: because something is expected elsewhere
 * than at the program under test, or other programs are on the way, those of devmaps and cpumaps among them. Otherwise they meet that program alone.
 */
export function needsNetwork(plan: Plan): boolean {
  if (!isDeviceHook(plan.hook)) return false;
  const elsewhere = [...plan.attach, ...plan.objects.flatMap(({ attach }) => attach)];
  const patches = [...plan.maps, ...plan.steps.flatMap((step) => (step.kind === "maps" ? step.patches : []))];
  const inMaps = patches.some(
    ({ value }) => (value?.kind === "device" || value?.kind === "cpu") && value.program !== undefined,
  );
  return (
    inMaps ||
    elsewhere.some(({ hook }) => isDeviceHook(hook)) ||
    allExpectations("sim", plan).some(({ frames, path }) => frames.length > 0 || path !== undefined)
  );
}
