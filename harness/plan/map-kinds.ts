import type { MapSpec, MapType } from "../model/object.js";

/** Slots from 0 to max_entries - 1, all of which exist. */
const slotTypes: ReadonlySet<MapType> = new Set<MapType>([
  "array",
  "percpu_array",
  "prog_array",
  "array_of_maps",
  "devmap",
  "cpumap",
  "xskmap",
]);

/** Elements without keys. */
const keylessTypes: ReadonlySet<MapType> = new Set<MapType>(["queue", "stack", "bloom_filter"]);

/** Addressed by a number from 0; so one value without a key means slot 0. */
export function hasSlots({ type }: MapSpec): boolean {
  return slotTypes.has(type);
}

export function isKeyless({ type }: MapSpec): boolean {
  return keylessTypes.has(type);
}

/** Why a scenario cannot write into a map, as the rest of "map 'x' …"; undefined where it can. */
export function whyUnwritable({ type }: MapSpec): string | undefined {
  switch (type) {
    case "reuseport_sockarray":
      return `holds live sockets (${type}), which only a program or the application itself can put there`;
    case "sk_storage":
    case "inode_storage":
    case "task_storage":
    case "cgrp_storage":
    case "cgroup_storage":
    case "percpu_cgroup_storage":
      return `belongs to kernel objects (${type}), which a scenario cannot name`;
    case "ringbuf":
    case "user_ringbuf":
    case "perf_event_array":
      return `carries events (${type}) and has no entries`;
    case "cgroup_array":
    case "stack_trace":
    case "struct_ops":
    case "arena":
    case "unspec":
      return `is a ${type}, which cannot be written from a scenario`;
    default:
      return undefined;
  }
}
