// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Maps as they were written before BTF: a struct in a section called "maps", whose first five words every loader
 * understands. libbpf dropped the form with version 1.0; objects in it are still in use.
 *
 * Counts packets by their EtherType, bytes on each CPU, and leaves the verdict to a tail call where there is one.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 map_flags;
	/* Some loaders read on behind the flags. */
	__u32 loader_words[4];
};

struct bpf_map_def SEC("maps") packets = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u16),
	.value_size = sizeof(__u64),
	.max_entries = 64,
	.map_flags = BPF_F_NO_PREALLOC,
};

struct bpf_map_def SEC("maps") bytes = {
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 1,
};

struct bpf_map_def SEC("maps") next = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 1,
};

SEC("xdp")
int legacy_maps(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u64 one = 1, *count, *total;
	__u32 first = 0;
	__u16 type;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	type = bpf_ntohs(eth->h_proto);
	count = bpf_map_lookup_elem(&packets, &type);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&packets, &type, &one, BPF_ANY);
	total = bpf_map_lookup_elem(&bytes, &first);
	if (total)
		*total += end - (void *)eth;
	bpf_tail_call(ctx, &next, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
