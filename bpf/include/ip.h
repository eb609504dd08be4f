/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IPv4 with options, IPv6 with extension headers, fragments of both.
 *
 * Only what is needed to read on is checked. Checksums and the length fields are left to whoever
 * receives the packet: large receive and send offload set the lengths to 0, and what they cut short
 * (Ethernet pads frames to 60 bytes) is broken for every receiver alike.
 */
#pragma once

#include "cursor.h"
#include "ethernet.h"

/*
 * How many IPv6 extension headers are walked. RFC 8200 section 4.1 recommends at most one of each
 * kind (destination options: two), which is seven; a packet with more is treated as unparsable.
 */
#define IPV6_EXTENSIONS_MAX 8

#ifndef IPPROTO_MH
#define IPPROTO_MH 135
#endif

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET_MASK 0x1fff
#define IPV6_OFFSET_MASK 0xfff8
#define IPV6_MORE_FRAGMENTS 0x0001

/* RFC 8200 section 4.5. */
struct ipv6_fragment {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset; /* 13 bits in units of 8 bytes, 2 reserved, 1 "more fragments" */
	__be32 identification;
};

/* What a packet's IP header says; exactly one of v4 and v6 is set. */
struct ip_packet {
	struct iphdr *v4;
	struct ipv6hdr *v6;
	/* The transport protocol, behind any extension headers. */
	__u8 protocol;
	/* Part of a fragmented packet, the first part included. */
	bool fragment;
	/* A part that has no transport header, because the first part has it. */
	bool later_fragment;
};

enum parse_result {
	PARSE_OK,
	PARSE_NOT_IP,
	/* The packet ends before its headers do. */
	PARSE_TRUNCATED,
	/* Wrong version, impossible header length, or more extension headers than we walk. */
	PARSE_MALFORMED,
};

static __always_inline enum parse_result take_ipv4(struct cursor *cursor, struct ip_packet *packet)
{
	struct iphdr *header = cursor_take_header(cursor, struct iphdr);
	__u16 fragment;

	if (!header)
		return PARSE_TRUNCATED;
	/* ihl counts 32-bit words: 5 without options, 15 at most. */
	if (header->version != 4 || header->ihl < 5)
		return PARSE_MALFORMED;
	if (!cursor_take(cursor, (header->ihl - 5) * 4))
		return PARSE_TRUNCATED;

	fragment = bpf_ntohs(header->frag_off);
	packet->v4 = header;
	packet->protocol = header->protocol;
	packet->fragment = fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK);
	packet->later_fragment = fragment & IPV4_OFFSET_MASK;
	return PARSE_OK;
}

static __always_inline enum parse_result take_ipv6(struct cursor *cursor, struct ip_packet *packet)
{
	struct ipv6hdr *header = cursor_take_header(cursor, struct ipv6hdr);
	__u8 next;

	if (!header)
		return PARSE_TRUNCATED;
	if (header->version != 6)
		return PARSE_MALFORMED;
	packet->v6 = header;
	next = header->nexthdr;

	/* A real loop, not unrolled: a tenth of the code. The verifier allows those since Linux 5.3. */
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		struct ipv6_fragment *fragment;
		struct ipv6_opt_hdr *option;

		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_MH:
			/* hdrlen counts 8-byte units beyond the first. */
			option = cursor_take_header(cursor, struct ipv6_opt_hdr);
			if (!option || !cursor_take(cursor, 6 + option->hdrlen * 8))
				return PARSE_TRUNCATED;
			next = option->nexthdr;
			break;
		case IPPROTO_AH:
			/* The odd one out: 4-byte units, minus 2 (RFC 4302 section 2.2). */
			option = cursor_take_header(cursor, struct ipv6_opt_hdr);
			if (!option || !cursor_take(cursor, 6 + option->hdrlen * 4))
				return PARSE_TRUNCATED;
			next = option->nexthdr;
			break;
		case IPPROTO_FRAGMENT:
			fragment = cursor_take_header(cursor, struct ipv6_fragment);
			if (!fragment)
				return PARSE_TRUNCATED;
			next = fragment->nexthdr;
			/*
			 * An "atomic fragment" is offset 0 without more to come: a whole packet
			 * with a needless header (RFC 6946), and not treated as a fragment.
			 */
			if (fragment->offset & bpf_htons(IPV6_OFFSET_MASK | IPV6_MORE_FRAGMENTS))
				packet->fragment = true;
			if (fragment->offset & bpf_htons(IPV6_OFFSET_MASK)) {
				/* What follows is data, not the header that `next` speaks of. */
				packet->later_fragment = true;
				packet->protocol = next;
				return PARSE_OK;
			}
			break;
		default:
			packet->protocol = next;
			return PARSE_OK;
		}
	}
	return PARSE_MALFORMED;
}

/*
 * From the first byte of the frame to the transport header. On PARSE_OK the cursor stands there;
 * whether the transport header is all there is for the caller to take and see.
 */
static __always_inline enum parse_result take_ip(struct cursor *cursor, struct ethhdr **ethernet,
						 struct ip_packet *packet)
{
	__be16 ethertype = take_ethernet(cursor, ethernet);

	if (ethertype == bpf_htons(ETH_P_IP))
		return take_ipv4(cursor, packet);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return take_ipv6(cursor, packet);
	return ethertype ? PARSE_NOT_IP : PARSE_TRUNCATED;
}
