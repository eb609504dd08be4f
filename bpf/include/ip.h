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

/* The 8 bytes that every extension header begins with; a fragment header is no longer. */
struct ipv6_extension {
	__u8 nexthdr;
	__u8 hdrlen;
	/* Of a fragment header: 13 bits offset in units of 8 bytes, 2 reserved, 1 "more fragments". */
	__be16 fragment;
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

/* Most extension headers count their length in units of 8 bytes, none in larger ones. */
#define IPV6_UNIT_MAX 8
/* All bits of the longest header's length, 255 units. */
#define IPV6_LENGTH_MASK 2047

/*
 * How many bytes one of an extension header's hdrlen stands for, its first 8 bytes not being counted;
 * more than IPV6_UNIT_MAX where `protocol` is no extension header.
 *
 * A global function (Linux 5.6): the verifier checks it once, by itself, and at the call knows only
 * that an int comes back; __weak keeps clang from knowing more. Inlined, every kind of header would
 * leave the loop below in a state of its own, and the verifier would follow each sequence of kinds,
 * which is over ten times the work.
 */
__weak __noinline int ipv6_length_unit(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
		return 8;
	case IPPROTO_AH:
		/* The odd one out (RFC 4302 section 2.2): all of it less 8 bytes, in units of 4. */
		return 4;
	case IPPROTO_FRAGMENT:
		/* Always 8 bytes: a reserved byte stands where the others have hdrlen. */
		return 0;
	default:
		return IPV6_UNIT_MAX + 1;
	}
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
		__u32 unit = ipv6_length_unit(next);
		struct ipv6_extension *extension;
		__u32 bytes;

		if (unit > IPV6_UNIT_MAX) {
			packet->protocol = next;
			return PARSE_OK;
		}
		extension = cursor_take_header(cursor, struct ipv6_extension);
		if (!extension)
			return PARSE_TRUNCATED;
		/* Older verifiers (Linux 6.1) know nothing of a product; of bits that are cut off they do. */
		bytes = extension->hdrlen * unit;
		barrier_var(bytes);
		if (!cursor_take(cursor, bytes & IPV6_LENGTH_MASK))
			return PARSE_TRUNCATED;
		if (next == IPPROTO_FRAGMENT) {
			/*
			 * An "atomic fragment" is offset 0 without more to come: a whole packet
			 * with a needless header (RFC 6946), and not treated as a fragment.
			 */
			if (extension->fragment & bpf_htons(IPV6_OFFSET_MASK | IPV6_MORE_FRAGMENTS))
				packet->fragment = true;
			if (extension->fragment & bpf_htons(IPV6_OFFSET_MASK)) {
				/* What follows is data, not the header that nexthdr speaks of. */
				packet->later_fragment = true;
				packet->protocol = extension->nexthdr;
				return PARSE_OK;
			}
		}
		next = extension->nexthdr;
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
