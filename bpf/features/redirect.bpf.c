// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A patch panel: what comes in leaves by the interface that its VLAN's slot (untagged: 0) names. */
#include "../include/ethernet.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} ports_hashed SEC(".maps");

static __always_inline __u32 vlan_of(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);
	struct vlan_tag *tag;

	if (!ethernet || !is_vlan(ethernet->h_proto))
		return 0;
	tag = cursor_take_header(&cursor, struct vlan_tag);
	return tag ? bpf_ntohs(tag->tci) & 0x0fff : 0;
}

/* The lower bits of the flags are the verdict for an empty slot. */
SEC("xdp")
int redirect(struct xdp_md *context)
{
	return bpf_redirect_map(&ports, vlan_of(context), XDP_PASS);
}

SEC("xdp")
int redirect_hashed(struct xdp_md *context)
{
	return bpf_redirect_map(&ports_hashed, vlan_of(context), XDP_DROP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
