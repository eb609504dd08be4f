/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Echo ("ping") in ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4), which share one layout. */
#pragma once

#include "ip.h"

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

struct echo_header {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;
	__be16 sequence;
};

static __always_inline bool is_icmp(const struct ip_packet *packet)
{
	return packet->protocol == (packet->v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static __always_inline bool is_echo_request(const struct ip_packet *packet, __u8 type)
{
	return type == (packet->v4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST);
}

static __always_inline bool is_echo_reply(const struct ip_packet *packet, __u8 type)
{
	return type == (packet->v4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
}
