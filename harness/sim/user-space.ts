import { harnessError } from "../model/error.js";
import { isPerCpu } from "../model/object.js";
import type { MapPatch, MapValue, TcpEnd } from "../model/plan.js";
import { errno } from "./errno.js";
import type { MapStore } from "./maps/map-store.js";
import type { MapTable } from "./maps/map-table.js";
import type { Socket } from "./sockets/socket.js";
import { SocketMapStore } from "./maps/socket-map.js";
import { ReferenceStore } from "./maps/reference.js";
import type { World } from "./world.js";

/** What the values of maps of references mean. */
export interface References {
  readonly socketOf: (end: TcpEnd) => Socket | undefined;
  readonly ifindexOf: (dev: string) => number;
}

/**
 * Sets and deletes entries of maps in order, as a user-space program does with bpf(2).
 *
 * @throws HarnessError "scenario" where the map refuses, with the place in the scenario
 */
export function applyMapPatches(
  maps: MapTable,
  world: World,
  patches: readonly MapPatch[],
  references: References,
): void {
  const apply = (store: MapStore, patch: MapPatch): number => {
    if (patch.op === "delete") return store.delete(patch.key);
    return patch.value ? set(store, patch.key, patch.value) : -errno.EINVAL;
  };
  const set = (store: MapStore, key: Uint8Array, value: MapValue): number => {
    switch (value.kind) {
      case "bytes": {
        const copies = isPerCpu(store.spec.type) ? world.cpus : 1;
        return store.set(
          key,
          Array.from({ length: copies }, () => value.bytes),
        );
      }
      case "perCpu":
        return store.set(key, value.values);
      case "program":
        return put(store, key, { kind: "program", name: value.name });
      case "device":
        return put(store, key, { ...value, ifindex: references.ifindexOf(value.dev) });
      case "xsk":
        return put(store, key, { kind: "xsk", queue: value.queue });
      case "cpu":
        return put(store, key, { kind: "cpu", queueSizeBytes: value.queueSize, program: value.program });
      case "socket": {
        const socket = references.socketOf(value.end);
        if (!socket) throw harnessError("scenario", `connection '${value.end.connection}' is not open`);
        return store instanceof SocketMapStore ? store.putChecked(key, socket, 0) : -errno.EINVAL;
      }
      case "inner":
        break;
    }
    if (!store.spec.inner) return -errno.EINVAL;
    const inner = maps.createInner(store.spec.inner);
    for (const entry of value.entries) {
      const result = apply(inner, entry);
      if (result !== 0) return result;
    }
    return put(store, key, { kind: "map", store: inner });
  };

  for (const patch of patches) {
    const store = maps.get(patch.map.name);
    if (!store) throw harnessError("scenario", `there is no map '${patch.map.name}'`, { span: patch.span });
    const result = apply(store, patch);
    // Deleting what is not there is no mistake, for the kernel's sake either.
    if (result === 0 || (patch.op === "delete" && result === -errno.ENOENT)) continue;
    throw harnessError("scenario", `map '${patch.map.name}' refuses the entry: ${errnoName(-result)}`, {
      span: patch.span,
    });
  }
}

function put(store: MapStore, key: Uint8Array, target: Parameters<ReferenceStore["put"]>[1]): number {
  return store instanceof ReferenceStore ? store.put(key, target) : -errno.EINVAL;
}

function errnoName(number: number): string {
  return Object.entries(errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}
