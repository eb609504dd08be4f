// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A stopwatch at the client's end of the wire: the kernel's clock is read when a frame leaves and when it
 * comes back, so that no process that has to be woken up is part of what is measured.
 *
 * Frames carry a magic number and a slot 42 and 46 bytes from their beginning, which is where the payload of
 * both UDP and ICMP echo over IPv4 without options begins.
 */
#include "../include/cursor.h"

#define SLOTS 4096
#define MAGIC 0x70706272

#define HEADERS_BYTES 42

/*
 * What every frame begins with when it leaves. A live test run sends the same pages over and over, with whatever the
 * last journey has made of them: a router's MACs and TTL.
 */
struct headers {
	__u64 words[HEADERS_BYTES / 8];
	__u16 rest;
} __attribute__((packed));

const volatile struct headers headers = {};

struct mark {
	__be32 magic;
	__u32 slot;
} __attribute__((packed));

struct marked_frame {
	struct headers headers;
	struct mark mark;
} __attribute__((packed));

struct clock_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
};

/* When the frame of each slot left, and how long it was away; 0 for one that has not come back. */
struct clock_array left_at SEC(".maps");
struct clock_array took_ns SEC(".maps");

/* Frames that came back, all together. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} returned SEC(".maps");

static __always_inline struct marked_frame *marked_frame_of(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct marked_frame *frame = cursor_take_header(&cursor, struct marked_frame);

	return frame && frame->mark.magic == bpf_htonl(MAGIC) ? frame : NULL;
}

/* Run by a live test run: the frame leaves by the interface that it is said to have come from. */
SEC("xdp")
int xdp_probe_send(struct xdp_md *context)
{
	struct marked_frame *frame = marked_frame_of(context);
	__u64 *left, *took;
	__u32 slot;

	if (!frame)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < HEADERS_BYTES / 8; i++)
		frame->headers.words[i] = headers.words[i];
	frame->headers.rest = headers.rest;
	slot = frame->mark.slot % SLOTS;
	took = bpf_map_lookup_elem(&took_ns, &slot);
	left = bpf_map_lookup_elem(&left_at, &slot);
	if (!took || !left)
		return XDP_ABORTED;
	*took = 0;
	*left = bpf_ktime_get_ns();
	return bpf_redirect(context->ingress_ifindex, 0);
}

/* Marked frames end here; all others pass. */
SEC("xdp")
int xdp_probe_receive(struct xdp_md *context)
{
	__u64 now = bpf_ktime_get_ns();
	struct marked_frame *frame = marked_frame_of(context);
	__u64 *left, *took, *count;
	__u32 slot, first = 0;

	if (!frame)
		return XDP_PASS;
	slot = frame->mark.slot % SLOTS;
	took = bpf_map_lookup_elem(&took_ns, &slot);
	left = bpf_map_lookup_elem(&left_at, &slot);
	count = bpf_map_lookup_elem(&returned, &first);
	if (!took || !left || !count)
		return XDP_ABORTED;
	*took = now - *left;
	__sync_fetch_and_add(count, 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
