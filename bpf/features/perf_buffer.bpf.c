// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* ring_buffer's event the older way: a buffer for each CPU, and the event is copied from the stack. */
#include "packet_event.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

SEC("xdp")
int perf_buffer(struct xdp_md *context)
{
	struct packet_event event = {};

	if (describe_packet(context, &event))
		bpf_perf_event_output(context, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
