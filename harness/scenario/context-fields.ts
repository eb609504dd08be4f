import type { ProgramType } from "../model/hook.js";
import { ipSummed } from "../model/ip-summed.js";
import type { FieldDef } from "../packet/protocol.js";

/** The C struct that a program type gets as its argument, with the members that scenarios may set or expect. */
export interface ContextType {
  readonly struct: string;
  readonly fields: readonly FieldDef[];
}

function uint(name: string, sizeBits: number, doc: string): FieldDef {
  return { name, kind: "uint", sizeBits, doc };
}

/** struct xdp_md, include/uapi/linux/bpf.h */
const xdp: ContextType = {
  struct: "xdp_md",
  fields: [
    uint("ingress_ifindex", 32, "interface that the packet came in by"),
    uint("rx_queue_index", 32, "receive queue of that interface"),
    uint("egress_ifindex", 32, "interface that it leaves by (devmap programs)"),
    { name: "data_meta", kind: "bytes", sizeBits: 0, doc: "bytes of metadata in front of the packet, as hex" },
    uint("data_end", 32, "bytes of the packet that are in the first buffer (xdp.frags); the rest is in further ones"),
  ],
};

/** struct __sk_buff, include/uapi/linux/bpf.h, and of struct sk_buff what its helpers keep right. */
const skb: ContextType = {
  struct: "__sk_buff",
  fields: [
    uint("mark", 32, "packet mark, as iptables and routing rules see it"),
    uint("priority", 32, "queueing priority, or the class as major:minor"),
    uint("ifindex", 32, "interface that the packet is on"),
    uint("ingress_ifindex", 32, "interface that the packet came in by"),
    { name: "cb", kind: "list", sizeBits: 160, doc: "control block: five words that programs use as scratch space" },
    uint("hash", 32, "flow hash"),
    uint("tc_index", 32, "traffic control index"),
    uint("tc_classid", 32, "class that a classifier chose"),
    uint("queue_mapping", 32, "transmit queue"),
    uint("pkt_type", 32, "for this host (0), broadcast (1), multicast (2), another host (3)"),
    uint("protocol", 32, "EtherType of the packet, as the skb has it"),
    uint("vlan_present", 32, "1 where the skb carries a VLAN tag outside of its bytes"),
    uint("vlan_tci", 32, "that tag"),
    uint("vlan_proto", 32, "EtherType of that tag"),
    uint("len", 32, "length of the packet in bytes"),
    uint("data_end", 32, "bytes of the packet that are linear, which programs can access; the rest is in fragments"),
    uint("wire_len", 32, "length on the wire in bytes, before segments were merged"),
    uint("gso_segs", 32, "number of segments that it stands for"),
    uint("gso_size", 32, "payload bytes of each segment"),
    uint("tstamp", 64, "time stamp in nanoseconds"),
    uint("hwtstamp", 64, "time stamp by the network card in nanoseconds"),
    uint("napi_id", 32, "receive queue it was polled from"),
    {
      name: "ip_summed",
      kind: "uint",
      sizeBits: 2,
      names: ipSummed,
      doc: "what struct sk_buff says about the checksums: nothing, verified, the sum of all bytes, or still to be filled in",
    },
  ],
};

/** struct bpf_sk_lookup, include/uapi/linux/bpf.h; ports and addresses are written as people do. */
const skLookup: ContextType = {
  struct: "bpf_sk_lookup",
  fields: [
    uint("family", 32, "2 for IPv4, 10 for IPv6"),
    uint("protocol", 32, "6 for TCP, 17 for UDP"),
    { name: "remote_ip4", kind: "ipv4", sizeBits: 32, doc: "sender's IPv4 address" },
    { name: "remote_ip6", kind: "ipv6", sizeBits: 128, doc: "sender's IPv6 address" },
    uint("remote_port", 16, "sender's port"),
    { name: "local_ip4", kind: "ipv4", sizeBits: 32, doc: "IPv4 address it was sent to" },
    { name: "local_ip6", kind: "ipv6", sizeBits: 128, doc: "IPv6 address it was sent to" },
    uint("local_port", 32, "port it was sent to"),
    uint("ingress_ifindex", 32, "interface that the packet came in by"),
  ],
};

/** struct bpf_flow_keys, include/uapi/linux/bpf.h: what a flow dissector fills in. */
const flowKeys: ContextType = {
  struct: "bpf_flow_keys",
  fields: [
    uint("nhoff", 16, "offset of the network header in bytes"),
    uint("thoff", 16, "offset of the transport header in bytes"),
    uint("addr_proto", 16, "EtherType of the addresses"),
    uint("is_frag", 8, "1 for a fragment"),
    uint("is_first_frag", 8, "1 for the first fragment"),
    uint("is_encap", 8, "1 for a packet inside a tunnel"),
    uint("ip_proto", 8, "transport protocol"),
    uint("n_proto", 16, "EtherType of the network header"),
    uint("sport", 16, "source port"),
    uint("dport", 16, "destination port"),
    { name: "ipv4_src", kind: "ipv4", sizeBits: 32, doc: "source address" },
    { name: "ipv4_dst", kind: "ipv4", sizeBits: 32, doc: "destination address" },
    { name: "ipv6_src", kind: "ipv6", sizeBits: 128, doc: "source address" },
    { name: "ipv6_dst", kind: "ipv6", sizeBits: 128, doc: "destination address" },
    uint("flags", 32, "flags of the dissection"),
    uint("flow_label", 32, "IPv6 flow label"),
  ],
};

export const contextTypes: readonly ContextType[] = [xdp, skb, skLookup, flowKeys];

/** What a program of this type gets. */
export function contextTypeOf(type: ProgramType): ContextType {
  if (type === "xdp") return xdp;
  if (type === "sk_lookup") return skLookup;
  return type === "flow_dissector" ? flowKeys : skb;
}
