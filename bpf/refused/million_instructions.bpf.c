// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Refused: the loop ends, but every round leaves the verifier in a new state, so it walks all of them
 * and gives up after a million instructions (BPF_COMPLEXITY_LIMIT_INSNS).
 */
#include "../include/program.h"

SEC("xdp")
int million_instructions(struct xdp_md *context)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < 10000000; i++) {
		sum ^= i * context->rx_queue_index;
		barrier();
	}
	return sum ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
