import type { MapSpec, MapType } from "./object.js";

/** Why user space cannot see what such a map holds; undefined where it can. Kernel 6.18, and no kernel before it. */
const unreadable: Partial<Record<MapType, string>> = {
  perf_event_array: "its slots are perf events: read its records with expect.events",
  ringbuf: "it is a stream: read its records with expect.events",
  user_ringbuf: "only user space writes to it",
  bloom_filter: "it can say whether a value may be there, not which are",
  cgroup_array: "the kernel gives no value back",
  xskmap: "the kernel gives no AF_XDP socket back",
  reuseport_sockarray: "the kernel gives no socket back",
  sk_storage: "its keys are sockets, and cannot be listed",
  inode_storage: "its keys are inodes, and cannot be listed",
  task_storage: "its keys are tasks, and cannot be listed",
  cgrp_storage: "its keys are cgroups, and cannot be listed",
  struct_ops: "it holds kernel functions",
  arena: "it is memory, not entries",
};

/** What user space reads of a socket in a map, where there is room for it (sock_map_lookup_sys). */
const cookieBytes = 8;
const socketsUnreadable = "the kernel shows sockets only where values have 8 bytes, for cookies";

/** Maps of sockets that programs can be attached to. */
export function isSocketMap({ type }: MapSpec): boolean {
  return type === "sockmap" || type === "sockhash";
}

/** Why a scenario cannot expect anything of such a map's contents; undefined where it can. */
export function whyUnreadable(spec: MapSpec): string | undefined {
  const reason = isSocketMap(spec) && spec.valueSizeBytes !== cookieBytes ? socketsUnreadable : unreadable[spec.type];
  return reason && `contents of map '${spec.name}' (${spec.type}): ${reason}`;
}

/** Values of these are sockets, perf events or the like, which a scenario cannot name. */
const unsettable: Partial<Record<MapType, string>> = {
  perf_event_array: "expect.events sets up its buffers",
  ringbuf: "only programs write to it",
  user_ringbuf: "it is a stream, not entries",
  cgroup_array: "its values are cgroups",
  reuseport_sockarray: "its values are sockets",
  sk_storage: "its keys are sockets",
  inode_storage: "its keys are inodes",
  task_storage: "its keys are tasks",
  cgrp_storage: "its keys are cgroups",
  struct_ops: "it holds kernel functions",
  arena: "it is memory, not entries",
};

/** Why a scenario cannot put entries into such a map; undefined where it can. */
export function whyUnsettable(spec: MapSpec): string | undefined {
  const reason = unsettable[spec.type];
  return reason && `entries of map '${spec.name}' (${spec.type}): ${reason}`;
}
