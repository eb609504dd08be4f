// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Does what the packet says: the first byte behind the Ethernet header is the verdict, the second one the interface. */
#include "../include/ethernet.h"
#include <linux/pkt_cls.h>

struct order {
	struct ethhdr ethernet;
	__u8 verdict;
	__u8 port;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

static __always_inline void count(void)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&runs, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

SEC("xdp")
int xdp_on_demand(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct order *order = cursor_take_header(&cursor, struct order);

	count();
	if (!order)
		return XDP_ABORTED;
	if (order->verdict == XDP_REDIRECT)
		return bpf_redirect_map(&ports, order->port, 0);
	return order->verdict;
}

/* Beyond the kernel's verdicts: 100 clones back and drops, 101 clones back and passes. */
SEC("tc")
int tc_on_demand(struct __sk_buff *context)
{
	struct order order;

	count();
	if (bpf_skb_load_bytes(context, 0, &order, sizeof(order)) < 0)
		return TC_ACT_SHOT;
	switch (order.verdict) {
	case TC_ACT_REDIRECT:
		return bpf_redirect(context->ifindex, 0);
	case 100:
		bpf_clone_redirect(context, context->ifindex, 0);
		return TC_ACT_SHOT;
	case 101:
		bpf_clone_redirect(context, context->ifindex, 0);
		return TC_ACT_OK;
	default:
		return order.verdict;
	}
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
