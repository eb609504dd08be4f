// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a message program can do to the bytes that a socket sends: each of its runs carries out one order of a map. */
#include "../include/program.h"

#define ORDERS_MAX 16

enum what {
	PASS,
	DROP,
	/* The verdict counts for so many bytes, then the program is asked again. */
	APPLY,
	/* The program is asked again when so many bytes are there. */
	CORK,
	/* Makes bytes accessible, and writes X into the first of them. */
	PULL,
	/* New bytes, each a plus sign. */
	PUSH,
	POP,
};

struct order {
	enum what what;
	__u32 start;
	/* For PULL, where it ends. */
	__u32 length;
};

struct answer {
	__s32 result;
	/* Of the message, and of what the program can access of it. */
	__u32 size;
	__u32 accessible;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ORDERS_MAX);
	__type(key, __u32);
	__type(value, struct order);
} orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ORDERS_MAX);
	__type(key, __u32);
	__type(value, struct answer);
} answers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} senders SEC(".maps");

__u32 runs = 0;

SEC("sockops")
int remember(struct bpf_sock_ops *context)
{
	__u32 slot = 0;

	if (context->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_sock_map_update(context, &senders, &slot, BPF_ANY);
	return 1;
}

#define PUSHED_MAX 64

/* What the kernel puts in is whatever the page held before (Linux 6.18): all of it has to be written. */
static __always_inline int push(struct sk_msg_md *context, __u32 start, __u32 length)
{
	int error = bpf_msg_push_data(context, start, length, 0);
	__u8 *data;

	if (error || !length)
		return error;
	error = bpf_msg_pull_data(context, start, start + length, 0);
	if (error)
		return error;
	data = context->data;
	for (__u32 i = 0; i < PUSHED_MAX && i < length; i++) {
		if (data + i + 1 > (__u8 *)context->data_end)
			break;
		data[i] = '+';
	}
	return 0;
}

static __always_inline int carry_out(struct sk_msg_md *context, struct order *order)
{
	__u8 *data;
	int error;

	switch (order->what) {
	case APPLY:
		return bpf_msg_apply_bytes(context, order->length);
	case CORK:
		return bpf_msg_cork_bytes(context, order->length);
	case PULL:
		error = bpf_msg_pull_data(context, order->start, order->length, 0);
		data = context->data;
		if (!error && data + 1 <= (__u8 *)context->data_end)
			*data = 'X';
		return error;
	case PUSH:
		return push(context, order->start, order->length);
	case POP:
		return bpf_msg_pop_data(context, order->start, order->length, 0);
	default:
		return 0;
	}
}

SEC("sk_msg")
int edit(struct sk_msg_md *context)
{
	struct order *order;
	struct answer *answer;
	__u32 run = runs++;

	order = bpf_map_lookup_elem(&orders, &run);
	answer = bpf_map_lookup_elem(&answers, &run);
	if (!order || !answer)
		return SK_PASS;
	answer->result = carry_out(context, order);
	answer->size = context->size;
	answer->accessible = context->data_end - context->data;
	return order->what == DROP ? SK_DROP : SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
