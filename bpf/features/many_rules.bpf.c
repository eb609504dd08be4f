// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A packet filter whose rules are looked at one after the other in unrolled code: 4,000 instructions, as large as
 * datapaths are, to see how long opening and translating such an object takes (`npm run bench:sim`).
 */
#include "../include/checksum.h"
#include "../include/ip.h"

#define RULES 60

enum action { ACTION_NONE, ACTION_DROP, ACTION_REWRITE };

struct rule {
	__be32 source, source_mask;
	__be32 destination, destination_mask;
	__u16 lowest_port, highest_port;
	__u8 protocol;
	__u8 action;
	__be32 new_destination;
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULES);
	__type(key, __u32);
	__type(value, struct rule);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} connections SEC(".maps");

SEC("xdp")
int many_rules(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);
	struct iphdr *ip;
	struct tcphdr *tcp;
	__u16 port;

	if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = cursor_take_header(&cursor, struct iphdr);
	if (!ip || ip->version != 4 || ip->ihl != 5)
		return XDP_PASS;
	tcp = cursor_take_header(&cursor, struct tcphdr);
	if (!tcp)
		return XDP_PASS;
	port = bpf_ntohs(tcp->dest);

#pragma unroll
	for (__u32 i = 0; i < RULES; i++) {
		__u32 key = i;
		struct rule *rule = bpf_map_lookup_elem(&rules, &key);
		__u64 *seen;
		__u32 hash;

		if (!rule || (rule->protocol && rule->protocol != ip->protocol))
			continue;
		if ((ip->saddr & rule->source_mask) != rule->source ||
		    (ip->daddr & rule->destination_mask) != rule->destination)
			continue;
		if (port < rule->lowest_port || port > rule->highest_port)
			continue;
		__sync_fetch_and_add(&rule->packets, 1);
		__sync_fetch_and_add(&rule->bytes, context->data_end - context->data);
		hash = ip->saddr * 2654435761u ^ ip->daddr ^ tcp->source << 16;
		hash ^= hash >> 15;
		seen = bpf_map_lookup_elem(&connections, &hash);
		if (seen)
			__sync_fetch_and_add(seen, 1);
		if (rule->action == ACTION_DROP)
			return XDP_DROP;
		if (rule->action == ACTION_REWRITE) {
			checksum_replace32(&ip->check, ip->daddr, rule->new_destination);
			checksum_replace32(&tcp->check, ip->daddr, rule->new_destination);
			ip->daddr = rule->new_destination;
			return XDP_TX;
		}
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
