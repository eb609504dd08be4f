// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Variables of every kind: `const volatile` ones are set before loading and then frozen, so the
 * verifier removes code that they rule out; the others live in maps that user space can read.
 */
#include "../include/program.h"

struct limits {
	__u16 min_bytes;
	__u16 max_bytes;
};

const volatile bool enabled = true;
const volatile struct limits limits = { .min_bytes = 0, .max_bytes = 1518 };

/* In .data, since it starts with a value; in .bss, since it starts with none. */
__u32 last_length = 0xffffffff;
__u64 refused = 0;

SEC("xdp")
int globals(struct xdp_md *context)
{
	__u32 length = context->data_end - context->data;

	last_length = length;
	if (!enabled || (length >= limits.min_bytes && length <= limits.max_bytes))
		return XDP_PASS;
	__sync_fetch_and_add(&refused, 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
