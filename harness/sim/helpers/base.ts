import { errno } from "../errno.js";
import type { MapTable } from "../maps/map-table.js";
import type { World } from "../world.js";
import { eventHelpers } from "./events.js";
import { kernelHelpers } from "./kernel.js";
import { mapHelpers } from "./maps.js";
import { printHelpers } from "./print.js";
import { socketHelpers } from "./sockets.js";
import type { HelperTable } from "./table.js";
import { taskHelpers } from "./task.js";
import { timerHelpers } from "./timers.js";

/** What programs on sockets may call whatever their type is; events carry nothing of what is in the context. */
export function socketBaseHelpers(maps: MapTable, world: World): HelperTable {
  const events = eventHelpers(maps, world, () => new Uint8Array());
  return {
    ...mapHelpers(maps, world),
    ...kernelHelpers(world),
    ...taskHelpers(world),
    ...timerHelpers(maps, world),
    ...printHelpers(world),
    ...events,
    ...socketHelpers(maps, world),
    // bpf_perf_event_output(ctx, map, flags, data, size): the flags are a CPU's number and nothing else.
    25: (call, machine) => (call.u64(3) >> 32n !== 0n ? -errno.EINVAL : events[25]!(call, machine)),
  };
}
