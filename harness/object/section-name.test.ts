import { expect } from "chai";
import { readSectionName } from "./section-name.js";

describe("readSectionName", () => {
  const table: Readonly<Record<string, string>> = {
    xdp: "xdp xdp",
    "xdp.frags": "xdp xdp frags",
    "xdp.frags/cpumap": "xdp xdp_cpumap frags",
    "xdp/devmap": "xdp xdp_devmap",
    tc: "sched_cls -",
    classifier: "sched_cls -",
    "tc/egress": "sched_cls tcx_egress",
    "tcx/ingress": "sched_cls tcx_ingress",
    action: "sched_act -",
    socket: "socket_filter -",
    sockops: "sock_ops cgroup_sock_ops",
    sk_msg: "sk_msg sk_msg_verdict",
    "sk_skb/stream_verdict": "sk_skb sk_skb_stream_verdict",
    "cgroup_skb/egress": "cgroup_skb cgroup_inet_egress",
    "cgroup/connect4": "cgroup_sock_addr cgroup_inet4_connect",
    "cgroup/dev": "cgroup_device cgroup_device",
    flow_dissector: "flow_dissector flow_dissector",
    sk_lookup: "sk_lookup sk_lookup",
    lwt_xmit: "lwt_xmit -",
    "kprobe/tcp_v4_connect": "kprobe -",
    "kprobe.multi/tcp_*": "kprobe trace_kprobe_multi",
    kprobe: "kprobe -",
    "tp/skb/kfree_skb": "tracepoint -",
    "fentry.s/f": "tracing trace_fentry",
    "struct_ops/init": "struct_ops -",
    "?tc": "sched_cls - off",
    "?fentry/f": "tracing trace_fentry off",
    // libbpf before 1.0 took whatever begins with one of its words.
    "xdp/drop": "xdp xdp",
    xdp_drop: "xdp xdp",
    xdp1: "xdp xdp",
    "classifier/main": "sched_cls -",
    socket1: "socket_filter -",
    "sk_skb/other": "sk_skb -",
    // These only look alike.
    tcp_filter: "- -",
    xdpdump: "- -",
    socks: "- -",
    prog: "- -",
    "": "- -",
  };
  for (const [section, meaning] of Object.entries(table))
    it(`'${section}' is ${meaning}`, () => {
      const { type, attachType, frags, autoload } = readSectionName(section);
      const words = [type ?? "-", attachType ?? "-", frags ? "frags" : "", autoload ? "" : "off"];
      expect(words.filter((word) => word !== "").join(" ")).to.equal(meaning);
    });
});
