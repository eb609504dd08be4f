// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Two programs over one map, of which either can take the other's place: together they count every packet once. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct tally {
	__u64 all;
	__u64 old_program;
	__u64 new_program;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tally);
} tally SEC(".maps");

static __always_inline void count(int is_new)
{
	__u32 slot = 0;
	struct tally *seen = bpf_map_lookup_elem(&tally, &slot);

	if (!seen)
		return;
	__sync_fetch_and_add(&seen->all, 1);
	__sync_fetch_and_add(is_new ? &seen->new_program : &seen->old_program, 1);
}

SEC("xdp")
int xdp_old(struct xdp_md *context)
{
	count(0);
	return XDP_DROP;
}

SEC("xdp")
int xdp_new(struct xdp_md *context)
{
	count(1);
	return XDP_DROP;
}

SEC("tc")
int tc_old(struct __sk_buff *context)
{
	count(0);
	return TC_ACT_SHOT;
}

SEC("tc")
int tc_new(struct __sk_buff *context)
{
	count(1);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
