import { Fault } from "../fault.js";
import { CgroupStorageStore } from "../maps/cgroup-storage.js";
import type { MapTable } from "../maps/map-table.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

export function cgroupStorageHelpers(maps: MapTable, world: World): HelperTable {
  return {
    // bpf_get_local_storage(map, flags)
    81: (call) => {
      const map = maps.at(call.address(1));
      if (map instanceof CgroupStorageStore) return map.current(world.cpu);
      throw new Fault(`takes map '${map.spec.name}' for storage of a cgroup`);
    },
  };
}

/** Storage lives no longer than a test run. */
export function clearCgroupStorage(maps: MapTable): void {
  for (const map of maps.all) if (map instanceof CgroupStorageStore) map.clear();
}
