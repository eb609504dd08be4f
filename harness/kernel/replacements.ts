import type { Plan } from "../model/plan.js";
import { loadObject, type LoadResult } from "./load.js";
import type { LoadedObject } from "./loaded-object.js";
import type { RunFolder } from "./run-folder.js";

/** The programs that swaps put in the place of the one under test, loaded over its maps. */
export type ReplacementsResult =
  { readonly accepted: true; readonly loaded: readonly LoadedObject[] } | Extract<LoadResult, { accepted: false }>;

/** Loads all of them, in their order; of a refusal nothing is left. They are to be closed before `main` is. */
export function loadReplacements(plan: Plan, main: LoadedObject, folder: RunFolder): ReplacementsResult {
  const loaded: LoadedObject[] = [];
  try {
    for (const { object, program } of plan.replacements ?? []) {
      const shared = object.maps.filter((map) => plan.object.maps.some(({ name }) => name === map.name));
      const reuse = new Map(shared.map(({ name }) => [name, main.mapFdOf(name)]));
      const own = { ...plan, object, program, attach: [], globals: [], maps: [], steps: [], pins: {} };
      const result = loadObject(own, folder, reuse);
      if (!result.accepted) {
        for (const each of loaded) each.close();
        return result;
      }
      loaded.push(result.loaded);
    }
    return { accepted: true, loaded };
  } catch (failure) {
    for (const each of loaded) each.close();
    throw failure;
  }
}
