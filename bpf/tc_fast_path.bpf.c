// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A fast path past the rules of iptables or nftables, for flows that they have let through.
 *
 *   enter   ingress of each of a router's interfaces
 *   leave   egress of the same
 *
 * A packet of an unknown flow goes up the stack, which routes it and asks its rules. If it gets as far as
 * `leave`, they have let it through: that is all one has to know about them. What the stack has made of it
 * (interface and link-layer addresses) is remembered, and for a while further packets of the flow go that
 * way at once.
 *
 * The mark goes through the stack with a packet, and says which flow it came with. If that is another one
 * than it leaves with, the stack has translated it: then a flow that looks like the translated one has not
 * been judged, and is not remembered. Marks belong to this program, and packets leave without.
 *
 * Whatever is remembered is forgotten after ten seconds, also when it is used: then the stack sees a packet
 * of the flow again. So rules that have become stricter count after ten seconds, or at once if `flows` is
 * emptied; and the stack knows that the connection lives (it needs nf_conntrack_tcp_be_liberal=1, since it
 * does not see every segment).
 *
 * The stack gets what begins and ends TCP connections, and everything special: fragments, options,
 * extension headers, errors, tags, packets too large for the way or with no time left.
 */
#include "include/tc_flow.h"

#define FLOWS_MAX 262144
#define REMEMBERED_NS (10 * 1000000000ULL)

/* Chosen by user space at random: then nobody can make a flow that has the mark of another. */
const volatile __u32 mark_seed = 0x9e3779b9;

struct flow_key {
	struct flow flow;
	/* By which it comes in. */
	__u32 ifindex;
};

struct way {
	__u64 expires_ns;
	__u32 ifindex;
	__u8 destination_mac[ETH_ALEN];
	__u8 source_mac[ETH_ALEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOWS_MAX);
	__type(key, struct flow_key);
	__type(value, struct way);
} flows SEC(".maps");

enum path_kind {
	PATH_SLOW,
	PATH_FAST,
};

/* Packets. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, enum path_kind);
	__type(value, __u64);
} paths SEC(".maps");

static __always_inline void count(enum path_kind path)
{
	__u64 *packets = bpf_map_lookup_elem(&paths, &path);

	if (packets)
		*packets += 1;
}

static __always_inline __u32 mark_of(const struct flow *flow)
{
	/* 0 is no mark. */
	return mix(hash_flow(flow) ^ mark_seed) | 1;
}

/* Whether nothing about a packet is special. */
static __always_inline bool is_plain(const struct tc_packet *packet)
{
	__u32 header = packet->version == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	return packet->transport_offset - packet->ip_offset == header && packet->hops > 1 &&
	       !(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

/* Where a packet goes if it may go at once; NULL: up the stack. */
static __always_inline struct way *fast_way(struct __sk_buff *skb, const struct tc_packet *packet)
{
	struct flow_key key = { .flow = packet->flow, .ifindex = skb->ifindex };
	struct way *way = bpf_map_lookup_elem(&flows, &key);
	__u32 mtu = 0;

	if (!way || way->expires_ns <= bpf_ktime_get_ns() ||
	    bpf_check_mtu(skb, way->ifindex, &mtu, 0, 0) != BPF_MTU_CHK_RET_SUCCESS)
		return NULL;
	return way;
}

SEC("tc")
int enter(struct __sk_buff *skb)
{
	struct tc_packet packet;
	struct way *way = NULL;

	tc_pull_headers(skb);
	skb->mark = 0;
	if (find_tc_flow(skb, &packet, 0, 0) == PACKET_FLOW) {
		if (is_plain(&packet))
			way = fast_way(skb, &packet);
		skb->mark = mark_of(&packet.flow);
	}
	if (!way) {
		count(PATH_SLOW);
		return TC_ACT_OK;
	}
	skb->mark = 0;
	count(PATH_FAST);
	if (use_up_a_hop(skb, &packet) || set_macs(skb, way->destination_mac, way->source_mac))
		return TC_ACT_SHOT;
	return bpf_redirect(way->ifindex, 0);
}

SEC("tc")
int leave(struct __sk_buff *skb)
{
	struct flow_key key = { .ifindex = skb->ingress_ifindex };
	struct tc_packet packet;
	struct way way = { .ifindex = skb->ifindex };
	__u32 mark = skb->mark;

	skb->mark = 0;
	/* The router's own, or what enter() has sent here. */
	if (!mark || !key.ifindex)
		return TC_ACT_OK;
	tc_pull_headers(skb);
	if (find_tc_flow(skb, &packet, 0, 0) != PACKET_FLOW || !is_plain(&packet) || mark_of(&packet.flow) != mark)
		return TC_ACT_OK;
	key.flow = packet.flow;
	way.expires_ns = bpf_ktime_get_ns() + REMEMBERED_NS;
	if (!bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_dest), way.destination_mac, ETH_ALEN) &&
	    !bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_source), way.source_mac, ETH_ALEN))
		bpf_map_update_elem(&flows, &key, &way, BPF_ANY);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
