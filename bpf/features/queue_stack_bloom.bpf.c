// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The maps without keys: UDP destination ports go into a queue (first in, first out), a stack (last
 * in, first out) and a Bloom filter. A port that the filter may have seen before is dropped.
 */
#include "../include/ip.h"

#define SEQUENCE(kind, name)                       \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, 16);           \
		__type(value, __u32);              \
	} name SEC(".maps")

SEQUENCE(QUEUE, queue);
SEQUENCE(STACK, stack);
SEQUENCE(BLOOM_FILTER, seen);

SEC("xdp")
int queue_stack_bloom(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct udphdr *udp;
	__u32 port;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return XDP_PASS;
	if (packet.protocol != IPPROTO_UDP || packet.later_fragment)
		return XDP_PASS;
	udp = cursor_take_header(&cursor, struct udphdr);
	if (!udp)
		return XDP_PASS;

	port = bpf_ntohs(udp->dest);
	if (!bpf_map_peek_elem(&seen, &port))
		return XDP_DROP;
	bpf_map_push_elem(&seen, &port, BPF_ANY);
	/* BPF_EXIST: a full queue makes room by forgetting its oldest element. */
	bpf_map_push_elem(&queue, &port, BPF_EXIST);
	bpf_map_push_elem(&stack, &port, BPF_EXIST);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
