// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A parser in stages, joined by tail calls: the dispatcher jumps to whatever program user space put
 * into the slot of the packet's protocol. A jump to an empty slot fails, and execution goes on.
 */
#include "../include/ip.h"

enum stage {
	STAGE_TCP,
	STAGE_UDP,
	STAGE_OTHER,
	STAGES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, STAGES);
	__type(key, __u32);
	__type(value, __u32);
} stages SEC(".maps");

SEC("xdp")
int dispatch(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return XDP_PASS;
	if (packet.protocol == IPPROTO_TCP)
		bpf_tail_call(context, &stages, STAGE_TCP);
	else if (packet.protocol == IPPROTO_UDP)
		bpf_tail_call(context, &stages, STAGE_UDP);
	else
		bpf_tail_call(context, &stages, STAGE_OTHER);
	return XDP_ABORTED;
}

SEC("xdp")
int drop_stage(struct xdp_md *context)
{
	return XDP_DROP;
}

SEC("xdp")
int pass_stage(struct xdp_md *context)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
