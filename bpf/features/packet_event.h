/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What ring_buffer and perf_buffer tell user space about a packet. */
#pragma once

#include "../include/ip.h"

struct packet_event {
	__be32 source;
	__be32 destination;
	__u32 length;
	__u8 protocol;
	__u8 ttl;
	__u8 mac[ETH_ALEN];
};

/* Puts the type into the object's BTF, which otherwise holds only what maps and functions name. */
const struct packet_event *packet_event_type __attribute__((unused));

/* False where the packet is not IPv4. */
static __always_inline bool describe_packet(struct xdp_md *context, struct packet_event *event)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || !packet.v4)
		return false;
	event->source = packet.v4->saddr;
	event->destination = packet.v4->daddr;
	event->length = context->data_end - context->data;
	event->protocol = packet.protocol;
	event->ttl = packet.v4->ttl;
	__builtin_memcpy(event->mac, ethernet->h_source, ETH_ALEN);
	return true;
}
