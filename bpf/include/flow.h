/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Flows of XDP packets: found, and rewritten. */
#pragma once

#include "checksum.h"
#include "flow_key.h"
#include "ip.h"

/* What find_flow() says of a packet. */
struct packet_flow {
	struct flow flow;
	/* From the packet's first byte. */
	__u16 ip_offset;
	__u16 transport_offset;
	/* 4 or 6. */
	__u8 version;
	/* The lower six bits of TCP's flags; 0 for UDP. */
	__u8 tcp_flags;
};

#define TCP_FLAG_SYN_BIT 0x02
#define TCP_FLAG_ACK_BIT 0x10

/* The largest offset that the verifier lets us add to a packet pointer leaves room for a header behind. */
#define OFFSET_MAX 0x3fff

static __always_inline int note_flow(struct xdp_md *context, struct cursor *cursor,
				     const struct ip_packet *packet, struct packet_flow *found)
{
	void *first = (void *)(long)context->data;
	struct flow *flow = &found->flow;
	struct ports *ports;
	__u64 ip_offset;

	if (packet->v4) {
		map_v4(&flow->source, packet->v4->saddr);
		map_v4(&flow->destination, packet->v4->daddr);
		found->version = 4;
		ip_offset = (void *)packet->v4 - first;
	} else if (packet->v6) {
		flow->source = packet->v6->saddr;
		flow->destination = packet->v6->daddr;
		found->version = 6;
		ip_offset = (void *)packet->v6 - first;
	} else {
		return -1;
	}
	found->ip_offset = ip_offset;
	if (cursor->at - first > OFFSET_MAX)
		return -1;
	found->transport_offset = cursor->at - first;
	if (packet->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = cursor_take_header(cursor, struct tcphdr);

		if (!tcp)
			return -1;
		ports = (struct ports *)tcp;
		found->tcp_flags = ((__u8 *)tcp)[13] & 0x3f;
	} else if (packet->protocol == IPPROTO_UDP) {
		ports = (struct ports *)cursor_take_header(cursor, struct udphdr);
		if (!ports)
			return -1;
		found->tcp_flags = 0;
	} else {
		return -1;
	}
	flow->source_port = ports->source;
	flow->destination_port = ports->destination;
	flow->protocol = packet->protocol;
	return 0;
}

/*
 * Finds the flow of a TCP or UDP packet; 0 where it has one: all its headers are there and it is no
 * fragment.
 *
 * A global function: the verifier goes through the many ways of parsing once, here, and the caller goes
 * on with nothing but two numbers, so that what it does is verified once and not for each of them.
 */
__weak __noinline int find_flow(struct xdp_md *context, struct packet_flow *found)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (!found)
		return -1;
	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || packet.fragment)
		return -1;
	__builtin_memset(found->flow.reserved, 0, sizeof(found->flow.reserved));
	return note_flow(context, &cursor, &packet, found);
}

/* So many bytes at an offset that find_flow() gave; NULL where the packet does not have them. */
static __always_inline void *bytes_at(struct xdp_md *context, __u32 offset, __u32 size)
{
	void *at = (void *)(long)context->data + (offset & OFFSET_MAX);

	return at + size > (void *)(long)context->data_end ? NULL : at;
}

enum rewritten { SOURCE, DESTINATION };

/*
 * Gives a packet another source or destination, address and port; the address is of the packet's family.
 *
 * UDP over IPv4 may go without a checksum, which is then 0, and stays so; a sum that comes out as 0 is
 * sent as its other form, 0xffff (RFC 768).
 */
static __always_inline bool rewrite(struct xdp_md *context, const struct packet_flow *found, enum rewritten which,
				    const struct in6_addr *to, __be16 to_port)
{
	bool is_udp = found->flow.protocol == IPPROTO_UDP;
	__u32 transport = found->transport_offset;
	struct ports *ports = bytes_at(context, transport, sizeof(*ports));
	__sum16 *sum = bytes_at(context, transport + (is_udp ? 6 : 16), sizeof(*sum));
	bool summed;

	if (!ports || !sum)
		return false;
	summed = *sum || !is_udp;
	if (found->version == 4) {
		struct iphdr *ip = bytes_at(context, found->ip_offset, sizeof(*ip));
		__be32 *at;

		if (!ip)
			return false;
		at = which == SOURCE ? &ip->saddr : &ip->daddr;
		checksum_replace32(&ip->check, *at, to->in6_u.u6_addr32[3]);
		if (summed)
			checksum_replace32(sum, *at, to->in6_u.u6_addr32[3]);
		*at = to->in6_u.u6_addr32[3];
	} else {
		struct ipv6hdr *ip = bytes_at(context, found->ip_offset, sizeof(*ip));
		struct in6_addr *at;

		if (!ip)
			return false;
		at = which == SOURCE ? &ip->saddr : &ip->daddr;
#pragma unroll
		for (int i = 0; i < 4; i++) {
			if (summed)
				checksum_replace32(sum, at->in6_u.u6_addr32[i], to->in6_u.u6_addr32[i]);
			at->in6_u.u6_addr32[i] = to->in6_u.u6_addr32[i];
		}
	}
	if (summed) {
		checksum_replace16(sum, which == SOURCE ? ports->source : ports->destination, to_port);
		if (is_udp && !*sum)
			*sum = 0xffff;
	}
	if (which == SOURCE)
		ports->source = to_port;
	else
		ports->destination = to_port;
	return true;
}

/* Sends a packet back out of the interface that it came in by, to a neighbour; our own address is in it. */
static __always_inline int send_to(struct xdp_md *context, const __u8 *mac)
{
	struct ethhdr *ethernet = bytes_at(context, 0, sizeof(*ethernet));

	if (!ethernet)
		return XDP_ABORTED;
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
	return XDP_TX;
}
