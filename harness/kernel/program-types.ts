import type { Hook, ProgramType } from "../model/hook.js";

/** enum bpf_prog_type (include/uapi/linux/bpf.h) of the types that have a hook here or that such a program refers to. */
const programTypeNumbers: Partial<Record<ProgramType, number>> = {
  socket_filter: 1,
  sched_cls: 3,
  sched_act: 4,
  xdp: 6,
  cgroup_skb: 8,
  lwt_in: 10,
  lwt_out: 11,
  lwt_xmit: 12,
  sock_ops: 13,
  sk_skb: 14,
  sk_msg: 16,
  lwt_seg6local: 19,
  flow_dissector: 22,
  sk_lookup: 30,
};

/** The number that BPF_PROG_LOAD wants; undefined where libbpf has to know it from the section. */
export function programTypeNumber(type: ProgramType): number | undefined {
  return programTypeNumbers[type];
}

/** enum bpf_attach_type. */
export const attachTypes = {
  BPF_CGROUP_INET_INGRESS: 0,
  BPF_CGROUP_INET_EGRESS: 1,
  BPF_FLOW_DISSECTOR: 17,
  BPF_XDP_DEVMAP: 33,
  BPF_SK_LOOKUP: 36,
  BPF_XDP: 37,
  BPF_XDP_CPUMAP: 35,
} as const;

/**
 * `expected_attach_type` that a hook's programs are loaded with. Classifiers have none, not even for tcx, which
 * names its attach type only when the link is created; that also lets one object serve clsact and tcx.
 */
export function expectedAttachType(hook: Hook): number | undefined {
  switch (hook) {
    case "xdp":
    case "xdp-native":
    case "xdp-generic":
      return attachTypes.BPF_XDP;
    case "cgroup_skb/ingress":
      return attachTypes.BPF_CGROUP_INET_INGRESS;
    case "cgroup_skb/egress":
      return attachTypes.BPF_CGROUP_INET_EGRESS;
    case "flow_dissector":
      return attachTypes.BPF_FLOW_DISSECTOR;
    case "sk_lookup":
      return attachTypes.BPF_SK_LOOKUP;
    default:
      return undefined;
  }
}
