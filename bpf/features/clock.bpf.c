// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * At most one packet a second, by the clock; and a timer that forgets, ten seconds after the first packet of a
 * burst, how many there were.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NANOSECONDS_PER_SECOND 1000000000ULL
#define CLOCK_MONOTONIC 1

struct burst {
	struct bpf_timer forget;
	__u64 packets;
	__u64 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct burst);
} bursts SEC(".maps");

static int forget(void *map, __u32 *key, struct burst *burst)
{
	burst->packets = 0;
	return 0;
}

SEC("xdp")
int once_a_second(struct xdp_md *context)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 slot = 0;
	struct burst *burst = bpf_map_lookup_elem(&bursts, &slot);
	int verdict;

	if (!burst)
		return XDP_ABORTED;
	if (burst->packets == 0) {
		/* Of timers that are there already, init says EBUSY. */
		bpf_timer_init(&burst->forget, &bursts, CLOCK_MONOTONIC);
		bpf_timer_set_callback(&burst->forget, forget);
		bpf_timer_start(&burst->forget, 10 * NANOSECONDS_PER_SECOND, 0);
	}
	verdict = now - burst->last < NANOSECONDS_PER_SECOND ? XDP_DROP : XDP_PASS;
	if (verdict == XDP_PASS)
		burst->last = now;
	burst->packets++;
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
