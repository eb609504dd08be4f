import { harnessError } from "../../model/error.js";
import type { MapSpec } from "../../model/object.js";
import { readable, type Arena } from "../arena.js";
import { Fault } from "../fault.js";
import { ArrayStore } from "./array.js";
import { BloomFilterStore } from "./bloom-filter.js";
import { CgroupStorageStore } from "./cgroup-storage.js";
import { HashStore } from "./hash.js";
import { LpmTrieStore } from "./lpm-trie.js";
import type { MapStore } from "./map-store.js";
import { PerfEventArrayStore } from "./perf-event-array.js";
import { QueueStore } from "./queue.js";
import { ReferenceStore } from "./reference.js";
import { RingBufferStore } from "./ring-buffer.js";
import { SocketMemory } from "../sockets/socket-memory.js";
import { SocketMapStore } from "./socket-map.js";
import { SocketStorageStore } from "./socket-storage.js";
import { strideOf, ValueSlots } from "./value-slots.js";

/** No more than this is set aside for the entries of one map: a hash may say a billion and hold ten. */
const mostBytesPerMap = 1 << 28;

/** Bytes of the arena that a map's values may come to need. */
export function bytesNeeded(spec: MapSpec, cpus: number): number {
  if (spec.type === "ringbuf") return 2 * spec.maxEntries;
  const perCpu = spec.type.includes("percpu") ? cpus : 1;
  return Math.min(mostBytesPerMap, spec.maxEntries * strideOf(spec.valueSizeBytes) * perCpu);
}

/** The maps of a machine by name, and by the addresses that programs know them by. */
export class MapTable {
  /** The sockets that programs have pointers to. */
  readonly sockets: SocketMemory;
  readonly #arena: Arena;
  readonly #cpus: number;
  readonly #byName = new Map<string, MapStore>();
  readonly #byAddress: Map<number, MapStore>;

  /** `over` has maps in the same arena that this one's programs may get to know. */
  constructor(arena: Arena, cpus: number, over?: MapTable) {
    this.#arena = arena;
    this.#cpus = cpus;
    this.sockets = over?.sockets ?? new SocketMemory(arena);
    this.#byAddress = over ? over.#byAddress : new Map();
  }

  /** Takes a map over from another table in the same arena, under its name. */
  adopt(store: MapStore): void {
    this.#byName.set(store.spec.name, store);
  }

  /** Throws HarnessError "unsupported" for types that are not simulated, "load" where memory is used up. */
  create(spec: MapSpec): MapStore {
    const store = this.createInner(spec);
    this.#byName.set(spec.name, store);
    return store;
  }

  /** A map that no program refers to by name. */
  createInner(spec: MapSpec): MapStore {
    // One byte that nobody may touch, for the sake of its address.
    const address = this.#arena.reserve(8, 0, `map '${spec.name}'`);
    const store = createStore(spec, address, this.#arena, this.#cpus, this.sockets);
    if (!store) throw harnessError("load", `map '${spec.name}' needs more memory than the simulator has`);
    this.#byAddress.set(address, store);
    return store;
  }

  get(name: string): MapStore | undefined {
    return this.#byName.get(name);
  }

  get all(): Iterable<MapStore> {
    return this.#byName.values();
  }

  /** The map at an address, if it is one's. */
  find(address: number): MapStore | undefined {
    return this.#byAddress.get(address);
  }

  /** The map that a program's pointer means. */
  at(address: number): MapStore {
    const store = this.find(address);
    if (!store) throw new Fault(`takes 0x${address.toString(16)} for a map`);
    return store;
  }
}

function createStore(
  spec: MapSpec,
  address: number,
  arena: Arena,
  cpus: number,
  sockets: SocketMemory,
): MapStore | undefined {
  switch (spec.type) {
    case "array":
    case "percpu_array":
      return ArrayStore.create(spec, address, arena, cpus);
    case "hash":
    case "percpu_hash":
    case "lru_hash":
    case "lru_percpu_hash":
      return new HashStore(spec, address, arena, cpus);
    case "lpm_trie":
      return new LpmTrieStore(spec, address, arena);
    case "queue":
    case "stack":
      return new QueueStore(spec, address);
    case "bloom_filter":
      return new BloomFilterStore(spec, address);
    case "sk_storage":
      return new SocketStorageStore(spec, address, new ValueSlots(arena, spec.name, spec.valueSizeBytes, 1));
    case "sockmap":
    case "sockhash":
      return new SocketMapStore(spec, address, sockets);
    case "cgroup_storage":
    case "percpu_cgroup_storage":
      return CgroupStorageStore.create(spec, address, arena, cpus);
    case "ringbuf":
      return RingBufferStore.create(spec, address, arena);
    case "perf_event_array":
      return new PerfEventArrayStore(spec, address);
    case "prog_array":
    case "array_of_maps":
    case "hash_of_maps":
    case "devmap":
    case "devmap_hash":
    case "cpumap":
    case "xskmap":
    case "cgroup_array":
      return new ReferenceStore(spec, address, new ValueSlots(arena, spec.name, spec.valueSizeBytes, 1, readable));
    default:
      throw harnessError("unsupported", `map '${spec.name}': maps of type ${spec.type} are not simulated`);
  }
}
