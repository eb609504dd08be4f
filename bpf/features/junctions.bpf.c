// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Every hook of an interface, each doing what a map says, and writing down what it saw beside the bytes of the
 * packets: the kernel carries some of that from hook to hook, and some to another host.
 */
#include "../include/program.h"

enum hook { HOOK_ARRIVAL, HOOK_INWARD, HOOK_OUTWARD, HOOK_DEPARTURE, HOOKS };

/* Beyond the kernel's verdicts. */
enum action {
	ACTION_REDIRECT_ALL = 100, /* XDP: to all ports but the one that it came in by */
	ACTION_REDIRECT_INGRESS,
	ACTION_REDIRECT_PEER,
	ACTION_REDIRECT_NEIGHBOUR,
	ACTION_CLONE, /* to a port, and go on */
	ACTION_CLONE_INGRESS,
	ACTION_CLONE_ONLY, /* to a port, and drop */
};

struct order {
	__u32 action;
	__u32 port;
	/* What is written beside the packet; 0 leaves it as it is. */
	__u32 mark;
	__u32 priority;
	__u32 metadata;
	/* Whether cb[0] gets CB_MARK. */
	__u32 cb;
};

/* Nothing else leaves this there: what nobody has written may be anything. */
#define CB_MARK 0x5eed

/* Sums over all packets. */
struct sight {
	__u64 packets;
	__u64 bytes;
	__u64 marks;
	__u64 priorities;
	__u64 metadata;
	/* Packets with CB_MARK. */
	__u64 cb;
	__u64 packet_types;
	/* That came into the host by this interface. */
	__u64 own;
};

/* A loop ends here. */
#define PACKETS_MAX 12

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, __u32);
	__type(value, struct order);
} orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, __u32);
	__type(value, struct sight);
} sights SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} ports SEC(".maps");

/* The same ones for traffic control: a map that may hold XDP programs is for XDP alone. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} interfaces SEC(".maps");

/* The hook's order; none for a packet too many. */
static __always_inline struct order *order_of(__u32 hook, struct sight **sight)
{
	*sight = bpf_map_lookup_elem(&sights, &hook);
	if (!*sight || (*sight)->packets >= PACKETS_MAX)
		return NULL;
	return bpf_map_lookup_elem(&orders, &hook);
}

static __always_inline void note_frame(struct sight *sight, struct xdp_md *context)
{
	__u32 *metadata = (void *)(long)context->data_meta;

	sight->packets++;
	sight->bytes += context->data_end - context->data;
	if ((void *)(metadata + 1) <= (void *)(long)context->data)
		sight->metadata += *metadata;
}

SEC("xdp")
int arrival(struct xdp_md *context)
{
	struct sight *sight;
	struct order *order = order_of(HOOK_ARRIVAL, &sight);
	__u32 *metadata;

	if (!order)
		return XDP_ABORTED;
	note_frame(sight, context);
	if (order->metadata && !bpf_xdp_adjust_meta(context, -(int)sizeof(*metadata))) {
		metadata = (void *)(long)context->data_meta;
		if ((void *)(metadata + 1) > (void *)(long)context->data)
			return XDP_ABORTED;
		*metadata = order->metadata;
	}
	if (order->action == XDP_REDIRECT)
		return bpf_redirect_map(&ports, order->port, 0);
	if (order->action == ACTION_REDIRECT_ALL)
		return bpf_redirect_map(&ports, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
	return order->action;
}

/* Of an entry of the map of ports. */
SEC("xdp/devmap")
int departure(struct xdp_md *context)
{
	struct sight *sight;
	struct order *order = order_of(HOOK_DEPARTURE, &sight);

	if (!order)
		return XDP_DROP;
	note_frame(sight, context);
	return order->action;
}

static __always_inline __u32 ifindex_of(__u32 slot)
{
	__u32 *ifindex = bpf_map_lookup_elem(&interfaces, &slot);

	return ifindex ? *ifindex : 0;
}

static __always_inline int control(struct __sk_buff *context, __u32 hook)
{
	struct sight *sight;
	struct order *order = order_of(hook, &sight);
	__u32 *metadata = (void *)(long)context->data_meta;

	if (!order)
		return TC_ACT_SHOT;
	sight->packets++;
	sight->bytes += context->len;
	sight->marks += context->mark;
	sight->priorities += context->priority;
	sight->cb += context->cb[0] == CB_MARK;
	sight->packet_types += context->pkt_type;
	sight->own += context->ingress_ifindex == context->ifindex;
	if ((void *)(metadata + 1) <= (void *)(long)context->data)
		sight->metadata += *metadata;
	if (order->mark)
		context->mark = order->mark;
	if (order->priority)
		context->priority = order->priority;
	if (order->cb)
		context->cb[0] = CB_MARK;
	switch (order->action) {
	case TC_ACT_REDIRECT:
		return bpf_redirect(ifindex_of(order->port), 0);
	case ACTION_REDIRECT_INGRESS:
		return bpf_redirect(ifindex_of(order->port), BPF_F_INGRESS);
	case ACTION_REDIRECT_PEER:
		return bpf_redirect_peer(ifindex_of(order->port), 0);
	case ACTION_REDIRECT_NEIGHBOUR:
		return bpf_redirect_neigh(ifindex_of(order->port), NULL, 0, 0);
	case ACTION_CLONE:
		bpf_clone_redirect(context, ifindex_of(order->port), 0);
		return TC_ACT_OK;
	case ACTION_CLONE_INGRESS:
		bpf_clone_redirect(context, ifindex_of(order->port), BPF_F_INGRESS);
		return TC_ACT_OK;
	case ACTION_CLONE_ONLY:
		bpf_clone_redirect(context, ifindex_of(order->port), 0);
		return TC_ACT_SHOT;
	default:
		return (int)order->action;
	}
}

SEC("tc/ingress")
int inward(struct __sk_buff *context)
{
	return control(context, HOOK_INWARD);
}

SEC("tc/egress")
int outward(struct __sk_buff *context)
{
	return control(context, HOOK_OUTWARD);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
