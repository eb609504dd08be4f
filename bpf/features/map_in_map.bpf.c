// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Each VLAN has a list of TCP and UDP destination ports of its own, which can be exchanged as a whole
 * while packets flow: a map of maps. Untagged traffic uses the first slot of an array of them.
 */
#include "../include/ip.h"

struct port_list {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __be16);
	__type(value, __u8);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u16);
	__array(values, struct port_list);
} ports_by_vlan SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct port_list);
} ports_untagged SEC(".maps");

static __always_inline void *port_list_of(const struct ethhdr *ethernet, struct cursor cursor)
{
	const struct vlan_tag *tag;
	__u32 slot = 0;
	__u16 vlan;

	if (!is_vlan(ethernet->h_proto))
		return bpf_map_lookup_elem(&ports_untagged, &slot);
	tag = cursor_take_header(&cursor, struct vlan_tag);
	if (!tag)
		return NULL;
	vlan = bpf_ntohs(tag->tci) & 0x0fff;
	return bpf_map_lookup_elem(&ports_by_vlan, &vlan);
}

SEC("xdp")
int map_in_map(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context), behind_ethernet;
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct udphdr *ports; /* TCP's begin alike */
	void *list;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || packet.later_fragment)
		return XDP_PASS;
	if (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP)
		return XDP_PASS;
	ports = cursor_take_header(&cursor, struct udphdr);
	if (!ports)
		return XDP_DROP;

	behind_ethernet = (struct cursor){ .at = ethernet + 1, .end = cursor.end };
	list = port_list_of(ethernet, behind_ethernet);
	if (!list || !bpf_map_lookup_elem(list, &ports->dest))
		return XDP_DROP;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
