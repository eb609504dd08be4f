/** Program types that packetproof knows, by libbpf's names without the BPF_PROG_TYPE_ prefix. */
export type ProgramType =
  | "xdp"
  | "sched_cls"
  | "sched_act"
  | "socket_filter"
  | "cgroup_skb"
  | "cgroup_sock"
  | "cgroup_sock_addr"
  | "cgroup_sockopt"
  | "cgroup_sysctl"
  | "cgroup_device"
  | "sock_ops"
  | "sk_msg"
  | "sk_skb"
  | "sk_lookup"
  | "sk_reuseport"
  | "flow_dissector"
  | "lwt_in"
  | "lwt_out"
  | "lwt_xmit"
  | "lwt_seg6local"
  | "lirc_mode2"
  | "netfilter"
  | "kprobe"
  | "tracepoint"
  | "raw_tracepoint"
  | "tracing"
  | "perf_event"
  | "lsm"
  | "ext"
  | "struct_ops"
  | "syscall";

/** Where a scenario attaches its program. `xdp` is native where the device can, as in the kernel. */
export const hooks = {
  xdp: "xdp",
  "xdp-native": "xdp",
  "xdp-generic": "xdp",
  "tc-ingress": "sched_cls",
  "tc-egress": "sched_cls",
  "tcx-ingress": "sched_cls",
  "tcx-egress": "sched_cls",
  "cgroup_skb/ingress": "cgroup_skb",
  "cgroup_skb/egress": "cgroup_skb",
  socket_filter: "socket_filter",
  flow_dissector: "flow_dissector",
  sk_lookup: "sk_lookup",
  sockops: "sock_ops",
  sk_msg: "sk_msg",
  "sk_skb/stream_parser": "sk_skb",
  "sk_skb/stream_verdict": "sk_skb",
  "sk_skb/verdict": "sk_skb",
  lwt_in: "lwt_in",
  lwt_out: "lwt_out",
  lwt_xmit: "lwt_xmit",
} as const satisfies Record<string, ProgramType>;

export type Hook = keyof typeof hooks;

/** Hooks of an interface, which packets pass. */
export type DeviceHook = Extract<Hook, `xdp${string}` | `tc${string}`>;

export function isDeviceHook(hook: Hook): hook is DeviceHook {
  return hook.startsWith("xdp") || hook.startsWith("tc");
}

/** Of hooks of an interface: whether packets pass it on their way out. */
export function isEgress(hook: DeviceHook): boolean {
  return hook.endsWith("egress");
}

/** Hooks of a sockmap or sockhash: what they are attached to is a map, for the sockets in it. */
export type SocketMapHook = "sk_msg" | "sk_skb/stream_parser" | "sk_skb/stream_verdict" | "sk_skb/verdict";

export function isSocketMapHook(hook: string): hook is SocketMapHook {
  return hook === "sk_msg" || hook.startsWith("sk_skb/");
}

/** Hooks whose programs run for sockets, and so see no packets of a `send` step. */
export function isSocketHook(hook: Hook): boolean {
  return hook === "sockops" || isSocketMapHook(hook);
}

/** A program's return values by their kernel names (include/uapi/linux/bpf.h, pkt_cls.h). */
const verdictTables: Partial<Record<ProgramType, Readonly<Record<string, number>>>> = {
  xdp: { XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 },
  sched_cls: {
    TC_ACT_UNSPEC: -1,
    TC_ACT_OK: 0,
    TC_ACT_RECLASSIFY: 1,
    TC_ACT_SHOT: 2,
    TC_ACT_PIPE: 3,
    TC_ACT_STOLEN: 4,
    TC_ACT_QUEUED: 5,
    TC_ACT_REPEAT: 6,
    TC_ACT_REDIRECT: 7,
    TC_ACT_TRAP: 8,
  },
  sk_msg: { SK_DROP: 0, SK_PASS: 1 },
  sk_skb: { SK_DROP: 0, SK_PASS: 1 },
  sk_lookup: { SK_DROP: 0, SK_PASS: 1 },
  // 0 denies, 1 allows; egress also knows congestion notification (include/linux/bpf-cgroup.h).
  cgroup_skb: { DROP: 0, PASS: 1 },
  flow_dissector: { BPF_OK: 0, BPF_DROP: 2, BPF_FLOW_DISSECTOR_CONTINUE: 129 },
  lwt_in: { BPF_OK: 0, BPF_DROP: 2, BPF_LWT_REROUTE: 128 },
  lwt_out: { BPF_OK: 0, BPF_DROP: 2, BPF_LWT_REROUTE: 128 },
  lwt_xmit: { BPF_OK: 0, BPF_DROP: 2, BPF_REDIRECT: 7, BPF_LWT_REROUTE: 128 },
};

const namesByType = new Map(
  Object.entries(verdictTables).map(([type, table]) => [
    type,
    new Map(Object.entries(table).map(([name, n]) => [n, name])),
  ]),
);

/** By return value; undefined for types whose return value is a plain number. */
function verdictNames(type: ProgramType): ReadonlyMap<number, string> | undefined {
  return namesByType.get(type === "sched_act" ? "sched_cls" : type);
}

/** Names and numbers of a program type's verdicts; empty for types whose return value is a plain number. */
export function verdictsOf(type: ProgramType): Readonly<Record<string, number>> {
  return verdictTables[type === "sched_act" ? "sched_cls" : type] ?? {};
}

/** The kernel's name of a return value, or the number itself (as signed 32-bit) where it has none. */
export function verdictName(type: ProgramType, returned: number): string {
  const signed = returned | 0;
  return verdictNames(type)?.get(signed) ?? String(signed);
}

/** Whether a return value has a name, where the program type's have one. */
export function isVerdict(type: ProgramType, returned: number): boolean {
  return verdictNames(type)?.has(returned | 0) ?? true;
}

const drops: ReadonlySet<string> = new Set(["XDP_ABORTED", "XDP_DROP", "TC_ACT_SHOT", "SK_DROP", "DROP", "BPF_DROP"]);

/** Whether a return value means that nothing comes out of the program: a packet dropped, or shown to no socket. */
export function isDropped(type: ProgramType, returned: number): boolean {
  return type === "socket_filter" ? returned === 0 : drops.has(verdictName(type, returned));
}
