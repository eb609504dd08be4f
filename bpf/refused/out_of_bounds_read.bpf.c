// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: the packet is known to hold an Ethernet header, but the IPv4 header behind it is read too. */
#include "../include/program.h"

SEC("xdp")
int out_of_bounds_read(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *data_end = (void *)(long)context->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);

	if ((void *)(ethernet + 1) > data_end)
		return XDP_PASS;
	return ip->protocol == IPPROTO_ICMP ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
