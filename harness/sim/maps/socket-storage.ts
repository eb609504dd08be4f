import type { MapSpec } from "../../model/object.js";
import { errno } from "../errno.js";
import type { MapEntry, MapStore } from "./map-store.js";

/** sk_storage (net/core/bpf_sk_storage.c): values beside sockets, of which there are none. */
export class SocketStorageStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;

  constructor(spec: MapSpec, address: number) {
    this.spec = spec;
    this.address = address;
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
