// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Moves packets to the CPU of slot 0, whose own kernel thread hands them to the stack. */
#include "../include/program.h"

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

SEC("xdp")
int redirect_cpu(struct xdp_md *context)
{
	return bpf_redirect_map(&cpus, 0, XDP_DROP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
