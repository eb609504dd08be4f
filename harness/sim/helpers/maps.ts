import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { BloomFilterStore } from "../maps/bloom-filter.js";
import type { MapTable } from "../maps/map-table.js";
import { SocketMapStore } from "../maps/socket-map.js";
import { QueueStore } from "../maps/queue.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** Operations on maps; also the iteration over one. */
export function mapHelpers(maps: MapTable, world: World): HelperTable {
  const mapOf = (call: Call) => maps.at(call.address(1));
  return {
    // bpf_map_lookup_elem(map, key)
    1: (call) => {
      const map = mapOf(call);
      return map.lookup(call.read(2, map.spec.keySizeBytes), world.cpu);
    },
    // bpf_map_update_elem(map, key, value, flags)
    2: (call) => {
      const map = mapOf(call);
      const { keySizeBytes, valueSizeBytes } = map.spec;
      if (map instanceof SocketMapStore)
        return map.putChecked(call.read(2, keySizeBytes), maps.sockets.at(call.address(3)), call.address(4));
      return map.update(call.read(2, keySizeBytes), call.read(3, valueSizeBytes), call.address(4), world.cpu);
    },
    // bpf_map_delete_elem(map, key)
    3: (call) => {
      const map = mapOf(call);
      return map.delete(call.read(2, map.spec.keySizeBytes));
    },
    // bpf_map_push_elem(map, value, flags)
    87: (call) => {
      const map = mapOf(call);
      const value = call.read(2, map.spec.valueSizeBytes);
      if (map instanceof QueueStore || map instanceof BloomFilterStore) return map.push(value, call.address(3));
      return -errno.EINVAL;
    },
    // bpf_map_pop_elem(map, value)
    88: (call) => take(call, maps, (queue) => queue.pop()),
    // bpf_map_peek_elem(map, value)
    89: (call) => {
      const map = mapOf(call);
      if (map instanceof BloomFilterStore) return map.has(call.read(2, map.spec.valueSizeBytes)) ? 0 : -errno.ENOENT;
      return take(call, maps, (queue) => queue.peek());
    },
    // bpf_for_each_map_elem(map, callback, context, flags)
    164: (call, machine) => {
      const map = mapOf(call);
      const [mapAddress, callback, context] = [call.address(1), call.address(2), call.u64(3)];
      if (call.u64(4) !== 0n) return -errno.EINVAL;
      let visited = 0;
      for (const { key } of [...map.entries()]) {
        const value = map.lookup(key, world.cpu);
        if (value === 0) continue;
        visited++;
        const keyAddress = machine.scratch(key);
        [mapAddress, keyAddress, value, context].forEach((argument, i) => call.set(i + 1, argument));
        machine.callBack(callback);
        if (call.result !== 0n) break;
      }
      return visited;
    },
    // bpf_map_lookup_percpu_elem(map, key, cpu)
    195: (call) => {
      const map = mapOf(call);
      const cpu = call.u32(3);
      return cpu < world.cpus ? map.lookup(call.read(2, map.spec.keySizeBytes), cpu) : 0;
    },
  };
}

/** The value that is next, for the caller; zeroes where there is none. */
function take(call: Call, maps: MapTable, from: (queue: QueueStore) => Uint8Array | undefined): number {
  const map = maps.at(call.address(1));
  if (!(map instanceof QueueStore)) return -errno.EINVAL;
  const out = call.write(2, map.spec.valueSizeBytes);
  const value = from(map);
  if (value) out.set(value);
  else out.fill(0);
  return value ? 0 : -errno.ENOENT;
}
