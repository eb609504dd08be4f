/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The Internet checksum, kept right while single fields change (RFC 1624): the rest of the packet
 * need not be read, so it works on any length, fragments and truncated packets included.
 *
 * One's complement sums do not care about byte order (RFC 1071 section 2 B), so everything here is
 * done on values as they lie in the packet.
 */
#pragma once

#include "program.h"

/* Adds the carries back in until the sum fits 16 bits; two rounds do for any 32-bit sum. */
static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
static __always_inline void checksum_replace16(__sum16 *checksum, __be16 from, __be16 to)
{
	*checksum = ~checksum_fold((__u16)~*checksum + (__u16)~from + to);
}

static __always_inline void checksum_replace32(__sum16 *checksum, __be32 from, __be32 to)
{
	checksum_replace16(checksum, from, to);
	checksum_replace16(checksum, from >> 16, to >> 16);
}

/* The sum over a header without options whose own field is 0. */
static __always_inline __sum16 ipv4_checksum(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	return ~checksum_fold(sum);
}
