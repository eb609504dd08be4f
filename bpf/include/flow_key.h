/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A flow: addresses, ports and protocol, the same struct for IPv4 and IPv6. IPv4 addresses are written
 * as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so one map holds both.
 */
#pragma once

#include "program.h"

struct flow {
	struct in6_addr source;
	struct in6_addr destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	/* Keys are compared byte by byte: all of them are zero. */
	__u8 reserved[3];
};

/* What TCP and UDP both begin with. */
struct ports {
	__be16 source;
	__be16 destination;
};

static __always_inline void map_v4(struct in6_addr *address, __be32 v4)
{
	address->in6_u.u6_addr32[0] = 0;
	address->in6_u.u6_addr32[1] = 0;
	address->in6_u.u6_addr32[2] = bpf_htonl(0xffff);
	address->in6_u.u6_addr32[3] = v4;
}

static __always_inline bool is_mapped_v4(const struct in6_addr *address)
{
	return !address->in6_u.u6_addr32[0] && !address->in6_u.u6_addr32[1] &&
	       address->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

/*
 * Multicast, broadcast and link-local addresses are for one link: no router sends them on (RFC 1812 section 4.2.2.11,
 * RFC 3927 section 2.7, RFC 4291 section 2.5.6).
 */
static __always_inline bool is_for_one_link(const struct in6_addr *address)
{
	const __u8 *byte = address->in6_u.u6_addr8;

	if (is_mapped_v4(address))
		return byte[12] >= 224 || (byte[12] == 169 && byte[13] == 254);
	return byte[0] == 0xff || (byte[0] == 0xfe && (byte[1] & 0xc0) == 0x80);
}

/* Spreads neighbouring numbers over all 32 bits (the finaliser of MurmurHash3). */
static __always_inline __u32 mix(__u32 hash)
{
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ hash >> 16;
}

static __always_inline __u32 hash_flow(const struct flow *flow)
{
	__u32 hash = flow->protocol;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		hash = mix(hash ^ flow->source.in6_u.u6_addr32[i]);
		hash = mix(hash ^ flow->destination.in6_u.u6_addr32[i]);
	}
	return mix(hash ^ ((__u32)flow->source_port << 16 | flow->destination_port));
}
