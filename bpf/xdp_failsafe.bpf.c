// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Stands in front of a node's datapath (tc_datapath.bpf.c) and drops what comes from networks that flood
 * it, before a socket buffer is made of it. Failsafe ports are not dropped for anybody: the node is
 * reached, and reaches its name servers and its control plane, whatever has got into the list.
 *
 * Of a fragmented packet, only the first part has ports: later parts from a denied network are dropped.
 */
#include "include/failsafe.h"
#include "include/ip.h"

#define DENIED_MAX 262144

/* IPv4 addresses are IPv4-mapped (::ffff:0:0/96). */
struct prefix {
	__u32 bits;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DENIED_MAX);
	__type(key, struct prefix);
	__type(value, __u32);
} denied SEC(".maps");

/* Packets dropped. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} denials SEC(".maps");

static __always_inline bool is_denied(const struct ip_packet *packet)
{
	struct prefix source = { .bits = 128 };

	if (packet->v4)
		map_v4(&source.address, packet->v4->saddr);
	else if (packet->v6)
		source.address = packet->v6->saddr;
	return bpf_map_lookup_elem(&denied, &source);
}

static __always_inline bool goes_to_failsafe(struct cursor *cursor, const struct ip_packet *packet)
{
	struct ports *ports;

	if (packet->later_fragment || (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP))
		return false;
	ports = cursor_take_header(cursor, struct ports);
	return ports && (is_failsafe(packet->protocol, ports->destination, false) ||
			 is_failsafe(packet->protocol, ports->source, true));
}

SEC("xdp")
int failsafe(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	__u32 slot = 0;
	__u64 *count;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return XDP_PASS;
	if (!is_denied(&packet) || goes_to_failsafe(&cursor, &packet))
		return XDP_PASS;
	count = bpf_map_lookup_elem(&denials, &slot);
	if (count)
		*count += 1;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
