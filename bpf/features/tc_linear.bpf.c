// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Packets that are not linear: of a large or an assembled one, often only the headers lie between data and data_end.
 * The rest is there for bpf_skb_load_bytes(), or becomes linear by bpf_skb_pull_data().
 */
#include "../include/program.h"

#define PLACE 60
#define SECRET 'S'

/* Looks at what is linear only, which is a mistake: drops a packet by its 61st byte. */
SEC("tc")
int drop_by_access(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + PLACE + 1 > (__u8 *)(long)skb->data_end)
		return TC_ACT_OK;
	return data[PLACE] == SECRET ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int drop_by_pull(struct __sk_buff *skb)
{
	__u8 *data;

	if (bpf_skb_pull_data(skb, PLACE + 1))
		return TC_ACT_OK;
	data = (void *)(long)skb->data;
	if (data + PLACE + 1 > (__u8 *)(long)skb->data_end)
		return TC_ACT_OK;
	return data[PLACE] == SECRET ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int drop_by_load(struct __sk_buff *skb)
{
	__u8 byte;

	if (bpf_skb_load_bytes(skb, PLACE, &byte, sizeof(byte)))
		return TC_ACT_OK;
	return byte == SECRET ? TC_ACT_SHOT : TC_ACT_OK;
}

/* Writes into the 61st byte, which makes it and all before it linear, and adds two bytes at the end. */
SEC("tc")
int write_and_grow(struct __sk_buff *skb)
{
	__u8 byte = 'W';

	if (bpf_skb_store_bytes(skb, PLACE, &byte, sizeof(byte), 0))
		return TC_ACT_SHOT;
	skb->mark = skb->data_end - skb->data;
	if (bpf_skb_change_tail(skb, skb->len + 2, 0))
		return TC_ACT_SHOT;
	skb->priority = skb->data_end - skb->data;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
