import type { GlobalSpec } from "../model/object.js";
import type { GlobalPatch, PlannedGlobal } from "../model/plan.js";
import type { WrittenEntry } from "../model/scenario.js";
import { encodeData } from "../data/encode.js";
import { compilePattern } from "../data/pattern.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";

/** Variables to patch before the object is loaded; of one that is written twice the later value counts. */
export function planGlobals(context: PlanContext, written: readonly WrittenEntry[]): readonly GlobalPatch[] {
  const patches = new Map<string, GlobalPatch>();
  for (const entry of written) {
    const patch = planGlobal(context, entry);
    if (patch) patches.set(entry.key, patch);
  }
  return [...patches.values()];
}

/** What a variable has to hold after a step; nothing, with diagnostics, where that is wrong. */
export function planGlobalExpectation(context: PlanContext, entry: WrittenEntry): readonly PlannedGlobal[] {
  const global = findGlobal(context, entry);
  if (!global) return [];
  const { value: written } = entry;
  const { type, sizeBytes } = global;
  const value = context.problems.attempt(() => compilePattern(type, sizeBytes, written), { span: written.span });
  return value ? [{ global, value }] : [];
}

function planGlobal(context: PlanContext, entry: WrittenEntry): GlobalPatch | undefined {
  const global = findGlobal(context, entry);
  if (!global) return undefined;
  const { keySpan, value } = entry;
  const { name, section, offsetBytes, sizeBytes, type, initial } = global;
  if (section === ".kconfig") {
    wrong(context, keySpan, `'${name}' is the kernel's own configuration, which a scenario cannot change`);
    return undefined;
  }
  // What is not written keeps the value that the program gives it.
  const bytes = context.problems.attempt(() => encodeData(type, sizeBytes, value, initial), { span: value.span });
  return bytes && { name, section, offsetBytes, bytes };
}

function findGlobal(context: PlanContext, { key, keySpan }: WrittenEntry): GlobalSpec | undefined {
  const { object } = context;
  const [global, another] = object.globals.filter(({ name }) => name === key);
  if (another) {
    wrong(
      context,
      keySpan,
      `${object.name} has several static variables called '${key}'`,
      "rename one, or make it global",
    );
    return undefined;
  }
  if (!global) {
    const names = object.globals.map(({ name }) => name);
    const isMap = object.maps.some(({ name }) => name === key);
    const hint = isMap ? `'${key}' is a map: it goes under maps` : didYouMean(key, names, "global variables");
    wrong(context, keySpan, `${object.name} has no global variable '${key}'`, hint);
    return undefined;
  }
  return global;
}
