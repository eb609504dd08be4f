import type { BpfObject, MapSpec } from "../model/object.js";
import type { PlannedSwap, Replacement } from "../model/plan.js";
import type { Located, Scenario, Swap } from "../model/scenario.js";
import { findObjectOf, type FindObject } from "./attachments.js";
import { wrong, type PlanContext } from "./context.js";
import { findProgram } from "./program.js";

/** Follows the swaps of one case: which program is in place, and which was before it. */
export class Swaps {
  readonly replacements: Replacement[] = [];
  readonly #context: PlanContext;
  readonly #scenario: Scenario;
  readonly #findObject: FindObject | undefined;
  #current = 0;
  #previous: number | undefined;

  constructor(context: PlanContext, scenario: Scenario, findObject: FindObject | undefined) {
    this.#context = context;
    this.#scenario = scenario;
    this.#findObject = findObject;
  }

  /** Undefined, with a diagnostic, where there is no such program. */
  async plan({ program, entry, times, span }: Swap): Promise<PlannedSwap | undefined> {
    const from = this.#current;
    if (program === "previous" && this.#previous === undefined) {
      wrong(this.#context, span, "there is no previous program: nothing was swapped before");
      return undefined;
    }
    const to = program === "previous" ? this.#previous : await this.#numberOf(program, entry);
    if (to === undefined) return undefined;
    if (times % 2 === 1) [this.#current, this.#previous] = [to, from];
    else this.#previous = to;
    return { from, to, times };
  }

  async #numberOf(program: Located<string>, entry: Swap["entry"]): Promise<number | undefined> {
    const { hook, program: own } = this.#scenario;
    const { problems } = this.#context;
    const object =
      program.value === own.value
        ? this.#context.object
        : await problems.attemptAsync(() => findObjectOf(program, this.#findObject));
    const found = object && problems.attempt(() => findProgram({ entry, hook, program }, object));
    if (!object || !found) return undefined;
    this.#checkMaps(object, program);
    const known = this.replacements.findIndex((each) => each.object === object && each.program === found);
    return known >= 0 ? known + 1 : this.replacements.push({ object, program: found });
  }

  /** Maps that are taken over have to be alike. */
  #checkMaps(object: BpfObject, { span }: Located<string>): void {
    for (const map of object.maps) {
      const kept = this.#context.object.maps.find(({ name }) => name === map.name);
      if (!kept || shapeOf(kept) === shapeOf(map)) continue;
      const message = `map '${map.name}' of ${object.name} is not like that of ${this.#context.object.name}`;
      wrong(this.#context, span, message, "a program that takes over maps has them with the same type and sizes");
    }
  }
}

function shapeOf({ type, keySizeBytes, valueSizeBytes, maxEntries, flags }: MapSpec): string {
  return [type, keySizeBytes, valueSizeBytes, maxEntries, flags].join();
}
