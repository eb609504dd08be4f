import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { MapTable } from "../maps/map-table.js";
import { SocketStorageStore } from "../maps/socket-storage.js";
import { isFullSocket } from "../sockets/socket-memory.js";
import type { HelperTable } from "./table.js";

/** bpf_sk_storage_*() of net/core/bpf_sk_storage.c. */
export function socketStorageHelpers(maps: MapTable): HelperTable {
  const storage = (call: Call) => {
    const map = maps.at(call.address(1));
    if (!(map instanceof SocketStorageStore)) throw new Fault(`takes map '${map.spec.name}' for storage of sockets`);
    return map;
  };
  return {
    // bpf_sk_storage_get(map, sk, value, flags)
    107: (call) => {
      const map = storage(call);
      if (call.address(2) === 0) return 0;
      const socket = maps.sockets.at(call.address(2));
      const initial = call.address(3) === 0 ? undefined : call.read(3, map.spec.valueSizeBytes);
      return isFullSocket(socket) ? map.get(socket, initial, call.u64(4)) : 0;
    },
    // bpf_sk_storage_delete(map, sk)
    108: (call) => {
      const map = storage(call);
      return call.address(2) === 0 ? -errno.EINVAL : map.remove(maps.sockets.at(call.address(2)));
    },
  };
}
