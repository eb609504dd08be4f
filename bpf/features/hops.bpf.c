// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * One packet at three hooks of a host: XDP puts a mark into the metadata in front of the packet, TC ingress makes it
 * the mark of the socket buffer, which stays with the packet through the stack, and TC egress looks whether it is
 * still there. Neither crosses to another host.
 */
#include "../include/ethernet.h"

#define TC_ACT_OK 0

enum hop { HOP_XDP, HOP_INGRESS, HOP_EGRESS, HOPS };

struct hop_count {
	__u64 packets;
	/* Of these with the mark. */
	__u64 marked;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOPS);
	__type(key, __u32);
	__type(value, struct hop_count);
} hops SEC(".maps");

const volatile __u32 mark = 7;

static __always_inline void count(__u32 hop, __u32 marked)
{
	struct hop_count *seen = bpf_map_lookup_elem(&hops, &hop);

	if (!seen)
		return;
	__sync_fetch_and_add(&seen->packets, 1);
	if (marked)
		__sync_fetch_and_add(&seen->marked, 1);
}

SEC("xdp")
int arrive(struct xdp_md *context)
{
	__u32 *meta;

	/* Some devices have no room for metadata: the packet goes on without. */
	if (bpf_xdp_adjust_meta(context, -(int)sizeof(*meta))) {
		count(HOP_XDP, 0);
		return XDP_PASS;
	}
	meta = (void *)(long)context->data_meta;
	if ((void *)(meta + 1) > (void *)(long)context->data)
		return XDP_ABORTED;
	*meta = mark;
	count(HOP_XDP, 1);
	return XDP_PASS;
}

SEC("tc/ingress")
int enter(struct __sk_buff *context)
{
	__u32 *meta = (void *)(long)context->data_meta;

	if ((void *)(meta + 1) > (void *)(long)context->data) {
		count(HOP_INGRESS, 0);
		return TC_ACT_OK;
	}
	context->mark = *meta;
	count(HOP_INGRESS, 1);
	return TC_ACT_OK;
}

SEC("tc/egress")
int leave(struct __sk_buff *context)
{
	count(HOP_EGRESS, context->mark == mark);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
