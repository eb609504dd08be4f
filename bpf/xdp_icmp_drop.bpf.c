// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Drops pings, IPv4 and IPv6, and nothing else: include/ping.h says why not all of ICMP. */
#include "include/ping.h"

SEC("xdp")
int xdp_icmp_drop(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);

	return belongs_to_ping(&cursor) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
