/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The rule that xdp_icmp_drop and tc_icmp_drop share: what belongs to somebody's ping. */
#pragma once

#include "icmp.h"

/*
 * True for echo requests and replies of IPv4 and IPv6, and for nothing else: dropping all of ICMP
 * would take path MTU discovery with it, and on IPv6 neighbour discovery, without which no host is
 * reached at all.
 *
 * A later fragment has no ICMP header to look at. Of all ICMP messages only echo is ever large
 * enough to be fragmented (errors are cut to fit, RFC 1812 section 4.3.2.3, RFC 4443 section 2.4),
 * so it is taken for a part of one. What does not parse is not ours to judge: the stack refuses it.
 */
static __always_inline bool belongs_to_ping(struct cursor *cursor)
{
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	__u8 *type;

	if (take_ip(cursor, &ethernet, &packet) != PARSE_OK || !is_icmp(&packet))
		return false;
	if (packet.later_fragment)
		return true;
	type = cursor_take_header(cursor, __u8);
	return type && (is_echo_request(&packet, *type) || is_echo_reply(&packet, *type));
}
