// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the processes of a cgroup may receive and send. The packet begins at its IP header, since a
 * socket has no link layer. 1 allows, 0 denies.
 */
#include "../include/ip.h"

#define DENY 0
#define ALLOW 1

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __be16);
	__type(value, __u64);
} denied_ports SEC(".maps");

/* TCP and UDP to a denied destination port, IPv4 and IPv6, is counted and refused. */
static __always_inline int allow_unless_denied(struct __sk_buff *skb)
{
	struct cursor cursor = cursor_open(skb);
	struct ip_packet packet = {};
	enum parse_result result;
	struct udphdr *ports;
	__u64 *count;

	result = skb->protocol == bpf_htons(ETH_P_IP) ? take_ipv4(&cursor, &packet) : take_ipv6(&cursor, &packet);
	if (result != PARSE_OK || packet.later_fragment)
		return ALLOW;
	if (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP)
		return ALLOW;
	ports = cursor_take_header(&cursor, struct udphdr);
	if (!ports)
		return ALLOW;
	count = bpf_map_lookup_elem(&denied_ports, &ports->dest);
	if (!count)
		return ALLOW;
	__sync_fetch_and_add(count, 1);
	return DENY;
}

SEC("cgroup_skb/ingress")
int cgroup_ingress(struct __sk_buff *skb)
{
	return allow_unless_denied(skb);
}

SEC("cgroup_skb/egress")
int cgroup_egress(struct __sk_buff *skb)
{
	return allow_unless_denied(skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
