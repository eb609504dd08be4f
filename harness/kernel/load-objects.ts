import { plansByObject, type ObjectPlan } from "../model/by-object.js";
import type { VerifierStatistics } from "../model/observation.js";
import type { Plan } from "../model/plan.js";
import { loadObject, type LoadResult } from "./load.js";
import type { LoadedObject } from "./loaded-object.js";
import type { RunFolder } from "./run-folder.js";

/** One of a plan's objects in the kernel. */
export interface LoadedPlan extends ObjectPlan {
  readonly loaded: LoadedObject;
}

export type LoadedPlans = readonly [LoadedPlan, ...LoadedPlan[]];

export type PlanLoadResult =
  | { readonly accepted: true; readonly objects: LoadedPlans; readonly statistics: readonly VerifierStatistics[] }
  | Extract<LoadResult, { accepted: false }>;

/** Loads all objects of a plan, the one under test first; of a refusal nothing is left. */
export function loadObjects(plan: Plan, folder: RunFolder): PlanLoadResult {
  const objects: LoadedPlan[] = [];
  const statistics: VerifierStatistics[] = [];
  const closeAll = (): void => objects.forEach(({ loaded }) => loaded.close());
  try {
    for (const each of plansByObject(plan)) {
      const result = loadObject(each.plan, folder);
      if (!result.accepted) {
        closeAll();
        return result;
      }
      objects.push({ ...each, loaded: result.loaded });
      statistics.push(...result.statistics);
    }
  } catch (failure) {
    closeAll();
    throw failure;
  }
  const [first, ...rest] = objects;
  return { accepted: true, objects: [first!, ...rest], statistics };
}
