// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Decides which connections find a listening socket at all: no TCP to a range of local ports. */
#include "../include/program.h"

const volatile __u32 first_port = 7000;
const volatile __u32 last_port = 7999;

SEC("sk_lookup")
int choose_socket(struct bpf_sk_lookup *context)
{
	/* local_port is in host byte order, remote_port is not. */
	__u32 port = context->local_port;

	if (context->protocol != IPPROTO_TCP)
		return SK_PASS;
	return port >= first_port && port <= last_port ? SK_DROP : SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
