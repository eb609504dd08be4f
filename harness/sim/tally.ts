import { helperParameters } from "../isa/helper-parameters.js";
import { mapOperation } from "../isa/map-operations.js";
import type { CostObservation } from "../model/observation.js";
import { defaultBudget, type Helper, type Machine } from "./machine.js";
import { calleeName } from "./kernel-functions.js";
import type { MapTable } from "./maps/map-table.js";

export type Cost = Pick<CostObservation, "instructions" | "helpers" | "maps">;

/** Counts what single runs cost: instructions, and helper calls by name and by map. */
export class Tally {
  readonly #helpers = new Map<string, number>();
  readonly #maps = new Map<string, Map<string, number>>();

  /** The same helpers, with their calls counted. `bpf_tail_call` is none of them: engines do it themselves. */
  counting(own: ReadonlyMap<number, Helper>, maps: MapTable): ReadonlyMap<number, Helper> {
    return new Map([...own].map(([number, helper]) => [number, this.#counted(number, helper, maps)]));
  }

  /** Before a run. */
  start(): void {
    this.#helpers.clear();
    this.#maps.clear();
  }

  /** What was counted since `start`. */
  read(machine: Machine): Cost {
    return {
      instructions: defaultBudget - machine.budget,
      helpers: Object.fromEntries(this.#helpers),
      maps: Object.fromEntries(Array.from(this.#maps, ([map, calls]) => [map, Object.fromEntries(calls)])),
    };
  }

  #counted(number: number, helper: Helper, maps: MapTable): Helper {
    const name = calleeName(number) ?? `helper #${number}`;
    const operation = mapOperation(number);
    const argument = helperParameters(name).indexOf("map") + 1;
    return (call, machine) => {
      add(this.#helpers, name);
      const map = operation && argument > 0 ? maps.find(call.address(argument))?.spec.name : undefined;
      if (operation && map !== undefined) {
        const calls = this.#maps.get(map) ?? new Map<string, number>();
        this.#maps.set(map, add(calls, operation));
      }
      return helper(call, machine);
    };
  }
}

function add(counts: Map<string, number>, key: string): Map<string, number> {
  return counts.set(key, (counts.get(key) ?? 0) + 1);
}
