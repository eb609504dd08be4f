// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Refused: the 512 bytes of stack are for a program and everything it calls together. clang checks one
 * function at a time and sees nothing wrong with 320 bytes in each of two.
 */
#include "../include/program.h"

#define BUFFER_BYTES 320

static __noinline int inner(struct xdp_md *context)
{
	char buffer[BUFFER_BYTES];

	bpf_xdp_load_bytes(context, 0, buffer, sizeof(buffer));
	return buffer[0];
}

SEC("xdp")
int stack_too_large(struct xdp_md *context)
{
	char buffer[BUFFER_BYTES];

	bpf_xdp_load_bytes(context, 0, buffer, sizeof(buffer));
	return inner(context) == buffer[1] ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
