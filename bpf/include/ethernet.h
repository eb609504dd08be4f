/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Ethernet, with up to two VLAN tags (802.1Q in 802.1ad, or two of either). */
#pragma once

#include "cursor.h"

#define VLAN_TAGS_MAX 2

/* What follows an ethertype of ETH_P_8021Q or ETH_P_8021AD (IEEE 802.1Q-2022, 9.6). */
struct vlan_tag {
	__be16 tci; /* 3 bits priority, 1 bit drop eligible, 12 bits VLAN */
	__be16 ethertype;
};

static __always_inline bool is_vlan(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD);
}

/*
 * Takes the Ethernet header and its tags. Returns the ethertype of what comes next (that of a third
 * tag, if there is one), or 0, which is no ethertype, where the packet is too short.
 */
static __always_inline __be16 take_ethernet(struct cursor *cursor, struct ethhdr **ethernet)
{
	struct ethhdr *header = cursor_take_header(cursor, struct ethhdr);
	__be16 ethertype;

	if (!header)
		return 0;
	*ethernet = header;
	ethertype = header->h_proto;

#pragma unroll
	for (int tags = 0; tags < VLAN_TAGS_MAX; tags++) {
		struct vlan_tag *tag;

		if (!is_vlan(ethertype))
			break;
		tag = cursor_take_header(cursor, struct vlan_tag);
		if (!tag)
			return 0;
		ethertype = tag->ethertype;
	}
	return ethertype;
}

/* Group addresses (multicast, broadcast) have the lowest bit of their first byte set. */
static __always_inline bool is_group_mac(const __u8 *mac)
{
	return mac[0] & 1;
}
