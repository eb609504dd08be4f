// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Adds and removes a VLAN tag: the packet grows and shrinks at its front. */
#include "../include/ethernet.h"

#define VLAN_TAG_BYTES sizeof(struct vlan_tag)

const volatile __u16 vlan = 100;

/* Takes the outer tag off, where there is one. */
SEC("xdp")
int vlan_pop(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);
	struct ethhdr copy;
	struct vlan_tag *tag;

	if (!ethernet || !is_vlan(ethernet->h_proto))
		return XDP_PASS;
	tag = cursor_take_header(&cursor, struct vlan_tag);
	if (!tag)
		return XDP_ABORTED;
	copy = *ethernet;
	copy.h_proto = tag->ethertype;
	if (bpf_xdp_adjust_head(context, VLAN_TAG_BYTES))
		return XDP_ABORTED;

	/* The packet has moved: every pointer into it has to be taken and checked again. */
	cursor = cursor_open(context);
	ethernet = cursor_take_header(&cursor, struct ethhdr);
	if (!ethernet)
		return XDP_ABORTED;
	*ethernet = copy;
	return XDP_PASS;
}

/* Puts a tag on, outside of any that are there. */
SEC("xdp")
int vlan_push(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ethhdr *ethernet = cursor_take_header(&cursor, struct ethhdr);
	struct ethhdr copy;
	struct vlan_tag *tag;

	if (!ethernet)
		return XDP_ABORTED;
	copy = *ethernet;
	if (bpf_xdp_adjust_head(context, -(int)VLAN_TAG_BYTES))
		return XDP_ABORTED;

	cursor = cursor_open(context);
	ethernet = cursor_take_header(&cursor, struct ethhdr);
	tag = cursor_take_header(&cursor, struct vlan_tag);
	if (!ethernet || !tag)
		return XDP_ABORTED;
	tag->ethertype = copy.h_proto;
	tag->tci = bpf_htons(vlan);
	copy.h_proto = bpf_htons(ETH_P_8021Q);
	*ethernet = copy;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
