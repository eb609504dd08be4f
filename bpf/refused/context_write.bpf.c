// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Refused: rx_queue_index tells where a packet came in; it is for reading. */
#include "../include/program.h"

SEC("xdp")
int context_write(struct xdp_md *context)
{
	context->rx_queue_index = 1;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
