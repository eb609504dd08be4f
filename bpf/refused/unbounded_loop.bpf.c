// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: nothing says that this loop ever ends. */
#include "../include/program.h"

SEC("xdp")
int unbounded_loop(struct xdp_md *context)
{
	while (bpf_get_prandom_u32() != 7)
		;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
