// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What an XDP program knows besides the packet: where it came in, and what stands before it. */
#include "../include/program.h"

const volatile __u32 drop_queue = 0xffffffff;

/* Drops what came in by one receive queue. */
SEC("xdp")
int drop_by_queue(struct xdp_md *context)
{
	return context->rx_queue_index == drop_queue ? XDP_DROP : XDP_PASS;
}

/* Leaves a word for the next program (TC sees it as data_meta): the packet's length. */
SEC("xdp")
int set_metadata(struct xdp_md *context)
{
	__u32 length = context->data_end - context->data;
	__u32 *word;

	if (bpf_xdp_adjust_meta(context, -(int)sizeof(*word)))
		return XDP_ABORTED;
	word = (void *)(long)context->data_meta;
	if ((void *)(word + 1) > (void *)(long)context->data)
		return XDP_ABORTED;
	*word = length;
	return XDP_PASS;
}

/* Drops what an earlier program marked with a word of metadata that is 1. */
SEC("xdp")
int drop_by_metadata(struct xdp_md *context)
{
	__u32 *word = (void *)(long)context->data_meta;

	if ((void *)(word + 1) > (void *)(long)context->data)
		return XDP_PASS;
	return *word == 1 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
