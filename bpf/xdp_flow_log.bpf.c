// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Tells user space about every IP packet, and knows what it could not tell.
 *
 *   log_ring   one ring buffer for all CPUs: events in the order in which they were reserved
 *   log_perf   a buffer for each CPU: in order on each CPU, not between them
 *
 * Waking the reader for every event costs more than the event. log_ring wakes it when `batch_bytes`
 * are waiting; a reader that also looks once in a while (epoll with a timeout) gets the rest.
 *
 * A packet is never held up because a buffer is full: the event is lost, and counted. Lost ones have a
 * number, too, so a reader that sees a gap in `sequence` knows where, and how many.
 */
#include "include/flow.h"

#define RING_BYTES (256 * 1024)

struct flow_event {
	/* Counts the events of a CPU, lost ones included. */
	__u64 sequence;
	/* IPv4 addresses as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
	struct in6_addr source;
	struct in6_addr destination;
	/* 0 where the protocol has none, and in all fragments but the first. */
	__be16 source_port;
	__be16 destination_port;
	__u32 bytes;
	__u32 cpu;
	__u8 protocol;
	__u8 reserved[3];
};

/* Puts the type into the object's BTF, which otherwise holds only what maps and functions name. */
const struct flow_event *flow_event_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} perf SEC(".maps");

struct log_state {
	__u64 sequence;
	__u64 lost;
	__u64 wake_ups;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct log_state);
} states SEC(".maps");

const volatile __u32 batch_bytes = 8192;

/* False for what is not IP, or not whole. `event` is all zeroes before. */
static __always_inline bool describe(struct xdp_md *context, struct flow_event *event)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;
	struct ports *ports;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return false;
	if (packet.v4) {
		map_v4(&event->source, packet.v4->saddr);
		map_v4(&event->destination, packet.v4->daddr);
	} else if (packet.v6) {
		event->source = packet.v6->saddr;
		event->destination = packet.v6->daddr;
	}
	event->bytes = context->data_end - context->data;
	event->protocol = packet.protocol;
	event->cpu = bpf_get_smp_processor_id();
	if (packet.later_fragment || (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP))
		return true;
	/* TCP and UDP both begin with their ports. */
	ports = cursor_take_header(&cursor, struct ports);
	if (ports) {
		event->source_port = ports->source;
		event->destination_port = ports->destination;
	}
	return true;
}

static __always_inline struct log_state *log_state(void)
{
	__u32 slot = 0;

	return bpf_map_lookup_elem(&states, &slot);
}

SEC("xdp")
int log_ring(struct xdp_md *context)
{
	struct flow_event event = {};
	struct log_state *state = log_state();
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (!state || !describe(context, &event))
		return XDP_PASS;
	event.sequence = state->sequence++;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= batch_bytes) {
		flags = BPF_RB_FORCE_WAKEUP;
		state->wake_ups++;
	}
	if (bpf_ringbuf_output(&ring, &event, sizeof(event), flags))
		state->lost++;
	return XDP_PASS;
}

SEC("xdp")
int log_perf(struct xdp_md *context)
{
	struct flow_event event = {};
	struct log_state *state = log_state();

	if (!state || !describe(context, &event))
		return XDP_PASS;
	event.sequence = state->sequence++;
	if (bpf_perf_event_output(context, &perf, BPF_F_CURRENT_CPU, &event, sizeof(event)))
		state->lost++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
