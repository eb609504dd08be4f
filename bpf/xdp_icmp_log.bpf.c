// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The "hello, world" of XDP: prints a line for every ping and lets every packet pass.
 *
 * Echo requests and replies of IPv4 and IPv6 are logged, behind VLAN tags, IPv4 options and IPv6
 * extension headers too. Later fragments have no ICMP header and are not logged a second time.
 */
#include "include/icmp.h"

SEC("xdp")
int xdp_icmp_log(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct echo_header *echo;
	struct ethhdr *ethernet;
	__u32 id, sequence;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return XDP_PASS;
	if (!is_icmp(&packet) || packet.later_fragment)
		return XDP_PASS;
	echo = cursor_take_header(&cursor, struct echo_header);
	if (!echo)
		return XDP_PASS;

	id = bpf_ntohs(echo->id);
	sequence = bpf_ntohs(echo->sequence);

	/* Three values is as many as bpf_trace_printk() takes, on every kernel that has it. */
	if (is_echo_request(&packet, echo->type)) {
		if (packet.v4)
			bpf_printk("echo request from %pI4 id %u seq %u", &packet.v4->saddr, id, sequence);
		else
			bpf_printk("echo request from %pI6 id %u seq %u", &packet.v6->saddr, id, sequence);
	} else if (is_echo_reply(&packet, echo->type)) {
		if (packet.v4)
			bpf_printk("echo reply from %pI4 id %u seq %u", &packet.v4->saddr, id, sequence);
		else
			bpf_printk("echo reply from %pI6 id %u seq %u", &packet.v6->saddr, id, sequence);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
