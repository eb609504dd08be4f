import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import type { Socket } from "../sockets/socket.js";
import type { MapEntry, MapStore } from "./map-store.js";
import type { ValueSlots } from "./value-slots.js";

/** BPF_LOCAL_STORAGE_GET_F_CREATE. */
const create = 1n;

/** sk_storage (net/core/bpf_sk_storage.c): values beside sockets, which go with them. */
export class SocketStorageStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  readonly #slots: ValueSlots;
  readonly #values = new Map<Socket, number>();

  constructor(spec: MapSpec, address: number, slots: ValueSlots) {
    this.spec = spec;
    this.address = address;
    this.#slots = slots;
  }

  /** Address of the socket's value; 0 where it has none, and none is to be made. */
  get(socket: Socket, initial: Uint8Array | undefined, flags: bigint): number {
    if (flags > create) return 0;
    const known = this.#values.get(socket);
    if (known !== undefined || flags !== create) return known ?? 0;
    const slot = this.#slots.take();
    if (slot === undefined) return 0;
    this.#slots.writeAll(slot, initial ? [initial] : []);
    this.#values.set(socket, slot);
    socket.onGone.add(() => this.remove(socket));
    return slot;
  }

  remove(socket: Socket): number {
    const slot = this.#values.get(socket);
    if (slot === undefined) return -errno.ENOENT;
    this.#values.delete(socket);
    this.#slots.give(slot);
    return 0;
  }

  lookup(): number {
    return 0;
  }

  update(): number {
    return -errno.EINVAL;
  }

  delete(): number {
    return -errno.EINVAL;
  }

  set(): number {
    return -errno.EINVAL;
  }

  entries(): Iterable<MapEntry> {
    return [];
  }
}
