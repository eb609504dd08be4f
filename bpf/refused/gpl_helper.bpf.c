// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: bpf_trace_printk() is for programs that say they may be used under the GPL. */
#include "../include/program.h"

SEC("xdp")
int gpl_helper(struct xdp_md *context)
{
	bpf_printk("hello");
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Proprietary";
