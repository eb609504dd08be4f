import type { Hook } from "../model/hook.js";
import { oneOf } from "./scalars.js";

const hookWords: Readonly<Record<Hook, string>> = {
  xdp: "in the driver where it can, before the stack",
  "xdp-native": "in the driver, before the stack",
  "xdp-generic": "in the stack's receive path, on any device",
  "tc-ingress": "clsact classifier, incoming packets",
  "tc-egress": "clsact classifier, outgoing packets",
  "tcx-ingress": "tcx link, incoming packets (Linux 6.6)",
  "tcx-egress": "tcx link, outgoing packets (Linux 6.6)",
  "cgroup_skb/ingress": "packets that sockets of a cgroup receive",
  "cgroup_skb/egress": "packets that sockets of a cgroup send",
  socket_filter: "packets that one socket receives",
  flow_dissector: "how the kernel takes packets apart",
  sk_lookup: "which socket a connection is for",
  sockops: "what becomes of the TCP connections of a host's processes",
  sk_msg: "what sockets of a sockmap or sockhash send",
  "sk_skb/stream_parser": "where messages end in what sockets of a map receive",
  "sk_skb/stream_verdict": "messages that sockets of a map receive",
  "sk_skb/verdict": "what sockets of a map receive, as it comes",
  lwt_in: "route, incoming packets",
  lwt_out: "route, outgoing packets",
  lwt_xmit: "route, packets about to leave",
};

/** Where a program is attached. */
export const hook = oneOf("a hook", hookWords);
