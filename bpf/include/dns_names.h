/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a DNS answer says: the name that was asked for, and the addresses that came back (RFC 1035
 * section 4).
 *
 * Names are compared from their end, so that a longest-prefix match can find both a name and the
 * domain that it is in. www.Example.com becomes the text "moc.elpmaxe.www." with a NUL behind it; the
 * prefix "moc.elpmaxe." covers whatever lies below example.com, and only the NUL tells example.com
 * itself from that.
 *
 * The loops are bpf_loop() (Linux 5.17): their bodies are verified once, however often they run.
 */
#pragma once

#include "program.h"

/* RFC 1035 section 3.1: a name has at most 255 bytes on the wire, its last, empty label included. */
#define DNS_NAME_BYTES 256
#define DNS_LABEL_MAX 63
/* Labels have at least two bytes. */
#define DNS_LABELS_MAX 128
/* Of one answer, so many records are looked at. */
#define DNS_RECORDS_MAX 32

#define DNS_POINTER 0xc0
#define DNS_RESPONSE 0x80
#define DNS_RCODE 0x0f
#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28
#define DNS_CLASS_IN 1

struct dns_header {
	__be16 id;
	__u8 flags;
	__u8 code;
	__be16 questions;
	__be16 answers;
	__be16 authorities;
	__be16 additionals;
};

/* What stands between a record's name and its data. */
struct dns_record {
	__be16 type;
	__be16 class;
	__be32 ttl;
	__be16 length;
} __attribute__((packed));

/* The key of a trie of names. */
struct dns_name {
	__u32 prefix_bits;
	char reversed[DNS_NAME_BYTES];
};

/* Too large for the stack. */
struct dns_work {
	struct dns_name name;
	__u8 wire[DNS_NAME_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_work);
} dns_work SEC(".maps");

static __always_inline struct dns_work *dns_workplace(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&dns_work, &only);
}

struct dns_name_walk {
	/* Of the current label. */
	__u32 bytes_left;
	__u32 labels;
	/* Without the empty label at the end; 0 until that has been seen. */
	__u32 bytes;
};

/* Dots in place of the labels' lengths, and small letters: names are compared without regard to case. */
static long dns_name_byte(__u32 index, void *data)
{
	struct dns_name_walk *walk = data;
	struct dns_work *work = dns_workplace();
	__u8 byte;

	if (!work || index >= DNS_NAME_BYTES - 1)
		return 1;
	byte = work->wire[index];
	if (walk->bytes_left) {
		walk->bytes_left--;
		if (byte >= 'A' && byte <= 'Z')
			work->wire[index] = byte | 0x20;
		return 0;
	}
	if (!byte) {
		walk->bytes = index;
		return 1;
	}
	/* Nothing stands before the question's name that a pointer could point to. */
	if (byte > DNS_LABEL_MAX)
		return 1;
	walk->bytes_left = byte;
	walk->labels++;
	work->wire[index] = '.';
	return 0;
}

static long dns_reverse_byte(__u32 index, void *data)
{
	struct dns_name_walk *walk = data;
	struct dns_work *work = dns_workplace();
	__u32 from = walk->bytes - 1 - index;

	if (!work || index >= DNS_NAME_BYTES - 1 || from >= DNS_NAME_BYTES)
		return 1;
	work->name.reversed[index] = work->wire[from];
	return 0;
}

/*
 * Reads the name at `offset` into the workplace, reversed and ready to be looked up. Returns how many
 * labels it has, and moves `offset` behind it; 0 where there is no whole name.
 */
static __always_inline __u32 dns_read_name(struct __sk_buff *skb, __u32 *offset)
{
	struct dns_name_walk walk = {};
	struct dns_work *work = dns_workplace();
	__s64 readable = (__s64)skb->len - *offset;

	if (!work || readable < 1)
		return 0;
	if (readable > DNS_NAME_BYTES - 1)
		readable = DNS_NAME_BYTES - 1;
	if (bpf_skb_load_bytes(skb, *offset, work->wire, readable))
		return 0;
	bpf_loop(readable, dns_name_byte, &walk, 0);
	if (!walk.bytes || walk.bytes >= DNS_NAME_BYTES - 1)
		return 0;
	bpf_loop(walk.bytes, dns_reverse_byte, &walk, 0);
	work->name.reversed[walk.bytes] = 0;
	work->name.prefix_bits = (walk.bytes + 1) * 8;
	*offset += walk.bytes + 1;
	return walk.labels;
}

struct dns_skip {
	struct __sk_buff *skb;
	__u32 offset;
	bool done;
};

static long dns_skip_label(__u32 index, void *data)
{
	struct dns_skip *skip = data;
	__u8 length;

	if (bpf_skb_load_bytes(skip->skb, skip->offset, &length, sizeof(length)))
		return 1;
	if (length >= DNS_POINTER) {
		skip->offset += 2;
		skip->done = true;
		return 1;
	}
	skip->offset += 1 + length;
	skip->done = !length;
	return skip->done;
}

/* Moves `offset` behind the name there, which may end in a pointer to an earlier one; false where it does not end. */
static __always_inline bool dns_skip_name(struct __sk_buff *skb, __u32 *offset)
{
	struct dns_skip skip = { .skb = skb, .offset = *offset };

	bpf_loop(DNS_LABELS_MAX, dns_skip_label, &skip, 0);
	*offset = skip.offset;
	return skip.done;
}
