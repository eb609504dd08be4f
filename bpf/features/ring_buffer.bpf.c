// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An event for every IPv4 packet, through one ring buffer that all CPUs share and keep in order. */
#include "packet_event.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("xdp")
int ring_buffer(struct xdp_md *context)
{
	struct packet_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	/* Full: an event is lost, the packet is not. */
	if (!event)
		return XDP_PASS;
	if (describe_packet(context, event))
		bpf_ringbuf_submit(event, 0);
	else
		bpf_ringbuf_discard(event, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
