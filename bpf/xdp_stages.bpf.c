// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A filter put together by user space: a chain of stages, each a program of its own, in the slots of a
 * program array. A stage drops the packet or jumps to the next slot. The first slot that is empty ends
 * the chain, and `at_end` says what then becomes of the packet.
 *
 * A tail call replaces the running program: it does not come back, unless it fails. It fails where the
 * slot is empty, and where a packet has been through 33 tail calls already, which is the kernel's limit
 * (MAX_TAIL_CALL_CNT). 32 slots fit below it, so only a chain that turns back on itself reaches it.
 *
 * Nothing on the stack survives a tail call. What the stages share about a packet is in `chains`.
 */
#include "include/ip.h"

#define STAGES_MAX 32
#define TAIL_CALLS_MAX 33

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, STAGES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} stages SEC(".maps");

struct chain {
	/* The slot to jump to next. */
	__u32 slot;
	/* Jumps tried so far. */
	__u32 jumps;
};

/* One for each CPU, which has one packet at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chain);
} chains SEC(".maps");

enum counter {
	COUNTER_PACKETS,
	COUNTER_BYTES,
	/* Chains that the kernel's limit cut off. */
	COUNTER_CUT,
	COUNTERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/*
 * Global data, of the three kinds there are. All of it is in maps, one for each section: .rodata is
 * frozen at load, so the verifier knows its values; .data and .bss stay writable, by all CPUs.
 */
const volatile __u8 lowest_ttl = 2;
__u32 at_end = XDP_PASS;
__u64 last_cut_ns;

/* A BPF-to-BPF call: code that is there once, with a stack frame of its own. */
static __noinline void count(enum counter counter, __u64 amount)
{
	__u32 slot = counter;
	__u64 *value = bpf_map_lookup_elem(&counters, &slot);

	if (value)
		*value += amount;
}

static __always_inline int next_stage(struct xdp_md *context)
{
	__u32 only = 0;
	struct chain *chain = bpf_map_lookup_elem(&chains, &only);

	if (!chain)
		return XDP_ABORTED;
	chain->jumps++;
	bpf_tail_call(context, &stages, chain->slot++);

	/* Still here: an empty slot, or the limit. */
	if (chain->jumps <= TAIL_CALLS_MAX)
		return at_end;
	last_cut_ns = bpf_ktime_get_ns();
	count(COUNTER_CUT, 1);
	return XDP_ABORTED;
}

/* What is attached: the others are reached through the array alone. */
SEC("xdp")
int first(struct xdp_md *context)
{
	__u32 only = 0;
	struct chain *chain = bpf_map_lookup_elem(&chains, &only);

	if (!chain)
		return XDP_ABORTED;
	*chain = (struct chain){};
	return next_stage(context);
}

SEC("xdp")
int count_stage(struct xdp_md *context)
{
	count(COUNTER_PACKETS, 1);
	count(COUNTER_BYTES, context->data_end - context->data);
	return next_stage(context);
}

/* Drops what is not IP, or not whole. */
SEC("xdp")
int ip_stage(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK || packet.fragment)
		return XDP_DROP;
	return next_stage(context);
}

/* Drops what has too few hops left to be worth forwarding. */
SEC("xdp")
int ttl_stage(struct xdp_md *context)
{
	struct cursor cursor = cursor_open(context);
	struct ip_packet packet = {};
	struct ethhdr *ethernet;

	if (take_ip(&cursor, &ethernet, &packet) != PARSE_OK)
		return XDP_DROP;
	if (packet.v4 && packet.v4->ttl < lowest_ttl)
		return XDP_DROP;
	if (packet.v6 && packet.v6->hop_limit < lowest_ttl)
		return XDP_DROP;
	return next_stage(context);
}

/* A mistake of whoever filled the array: back to slot 0, for ever, were it not for the limit. */
SEC("xdp")
int again_stage(struct xdp_md *context)
{
	__u32 only = 0;
	struct chain *chain = bpf_map_lookup_elem(&chains, &only);

	if (chain)
		chain->slot = 0;
	return next_stage(context);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
