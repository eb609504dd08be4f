import type { Arena } from "../sim/arena.js";
import type { PacketHook } from "../sim/hooks/packet-hook.js";
import type { Helper } from "../sim/machine.js";
import type { MapTable } from "../sim/maps/map-table.js";
import type { LoadOptions } from "../sim/simulated-object.js";
import type { World } from "../sim/world.js";

/** What a run did beyond its answer. */
export interface Watch {
  /** A helper may have changed what is not just memory: entries, positions in a ring buffer, timers. */
  changed: boolean;
  /** Keys that were looked up and not found, while `missed` is set. */
  missed: { readonly map: string; readonly key: Uint8Array }[] | undefined;
}

/** Helpers, by number, that only read, or write to memory that is put back: packet, context, stack, values of maps. */
const memoryOnly: ReadonlySet<number> = new Set([
  1, 5, 6, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 29, 30, 31, 32, 33, 34, 35, 38, 39, 40, 41,
  42, 43, 44, 45, 46, 47, 48, 50, 51, 54, 65, 68, 69, 80, 125, 152, 155, 160, 163, 165, 188, 189, 190, 195, 208,
]);

const lookup = 1;
const update = 2;

/** Map types whose entries are always there, so that an update changes bytes alone. */
export function hasFixedEntries(type: string): boolean {
  return type === "array" || type === "percpu_array";
}

/** A hook whose helpers tell what they do. */
export function watchedHook(
  make: LoadOptions<PacketHook>["hook"],
  watch: Watch,
): (arena: Arena, maps: MapTable, world: World) => PacketHook {
  return (arena, maps, world) => {
    const hook = make(arena, maps, world);
    const helpers = new Map<number, Helper>();
    for (const [number, helper] of hook.helpers) helpers.set(number, watched(number, helper, maps, watch));
    return {
      helpers,
      loader: hook.loader,
      context: hook.context,
      accept: (packet, fields) => hook.accept(packet, fields),
      output: () => hook.output(),
      outputFields: () => hook.outputFields(),
      metadata: () => hook.metadata(),
      get redirect() {
        return hook.redirect;
      },
    };
  };
}

function watched(number: number, helper: Helper, maps: MapTable, watch: Watch): Helper {
  if (number === lookup)
    return (call, machine) => {
      const found = helper(call, machine);
      if (found === 0 && watch.missed) {
        const { spec } = maps.at(call.address(1));
        watch.missed.push({ map: spec.name, key: call.read(2, spec.keySizeBytes).slice() });
      }
      return found;
    };
  if (number === update)
    return (call, machine) => {
      if (!hasFixedEntries(maps.at(call.address(1)).spec.type)) watch.changed = true;
      return helper(call, machine);
    };
  if (memoryOnly.has(number)) return helper;
  return (call, machine) => {
    watch.changed = true;
    return helper(call, machine);
  };
}
