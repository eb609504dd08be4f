/*
 * The benchmarks' jobs done by a process, in the three ways in which a process gets at packets:
 *
 *   echo udp ADDRESS PORT CPU             an ordinary UDP socket: what comes is sent back
 *   echo packet IN OUT JOB CPU            an AF_PACKET socket on each interface
 *   echo xdp DEV PINNED_XSKMAP JOB CPU    an AF_XDP socket in copy mode, slot 0 of the map
 *
 * CPU is the one to stay on. JOB is count, reflect, redirect or rewrite, as in bpf/bench/bench_jobs.bpf.c. Prints "ready" and works until it
 * is killed. IPv4 and UDP without options; everything else is left alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEW_DESTINATION "10.0.0.1"

static void require(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* RFC 1624 equation 3. */
static void replace16(uint16_t *sum, uint16_t from, uint16_t to)
{
	uint32_t value = (uint16_t)~*sum + (uint16_t)~from + to;

	value = (value & 0xffff) + (value >> 16);
	value = (value & 0xffff) + (value >> 16);
	*sum = ~value;
}

static void replace32(uint16_t *sum, uint32_t from, uint32_t to)
{
	replace16(sum, from, to);
	replace16(sum, from >> 16, to >> 16);
}

/* Whether the frame is to be sent. */
static bool work(const char *job, uint8_t *frame, size_t size)
{
	struct ethhdr *ethernet = (struct ethhdr *)frame;
	struct iphdr *ip = (struct iphdr *)(ethernet + 1);
	struct udphdr *udp = (struct udphdr *)(ip + 1);
	uint8_t mac[ETH_ALEN];

	if (size < sizeof(*ethernet) + sizeof(*ip) + sizeof(*udp) || ethernet->h_proto != htons(ETH_P_IP) ||
	    ip->ihl != 5 || ip->protocol != IPPROTO_UDP || !strcmp(job, "count"))
		return false;
	memcpy(mac, ethernet->h_source, ETH_ALEN);
	memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	memcpy(ethernet->h_dest, mac, ETH_ALEN);
	if (!strcmp(job, "reflect")) {
		uint32_t address = ip->saddr;
		uint16_t port = udp->source;

		ip->saddr = ip->daddr;
		ip->daddr = address;
		udp->source = udp->dest;
		udp->dest = port;
	} else if (!strcmp(job, "rewrite")) {
		uint32_t from = ip->daddr, to = inet_addr(NEW_DESTINATION);

		ip->daddr = to;
		replace32(&ip->check, from, to);
		if (udp->check)
			replace32(&udp->check, from, to);
	}
	return true;
}

static void echo_udp(const char *address, const char *port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) }, peer;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint8_t bytes[2048];

	inet_pton(AF_INET, address, &own.sin_addr);
	require(fd >= 0 && !bind(fd, (struct sockaddr *)&own, sizeof(own)), "a UDP socket");
	ready();
	for (;;) {
		socklen_t length = sizeof(peer);
		ssize_t size = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&peer, &length);

		if (size > 0)
			sendto(fd, bytes, size, 0, (struct sockaddr *)&peer, length);
	}
}

static int packet_socket(const char *dev, uint16_t protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				       .sll_ifindex = if_nametoindex(dev) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	require(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof(address)), dev);
	return fd;
}

static void echo_packet(const char *in, const char *out, const char *job)
{
	int from = packet_socket(in, ETH_P_IP), to = packet_socket(out, 0);
	uint8_t frame[2048];

	ready();
	for (;;) {
		ssize_t size = recv(from, frame, sizeof(frame), 0);

		if (size > 0 && work(job, frame, size))
			send(to, frame, size, 0);
	}
}

#define FRAMES 4096
#define FRAME_BYTES 2048
#define RING 2048

struct ring {
	uint32_t *producer;
	uint32_t *consumer;
	void *entries;
};

static struct ring map_ring(int fd, const struct xdp_ring_offset *offset, size_t entry, uint64_t at)
{
	uint8_t *memory = mmap(NULL, offset->desc + RING * entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	require(memory != MAP_FAILED, "an AF_XDP ring");
	return (struct ring){ (uint32_t *)(memory + offset->producer), (uint32_t *)(memory + offset->consumer),
			      memory + offset->desc };
}

static uint32_t load(uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

static void fill(struct ring *ring, uint64_t address)
{
	((uint64_t *)ring->entries)[*ring->producer % RING] = address;
	store(ring->producer, *ring->producer + 1);
}

static void enter_socket(const char *path, int fd)
{
	uint32_t key = 0;
	union bpf_attr attr = { .pathname = (uint64_t)path };
	int map = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));

	require(map >= 0, path);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uint64_t)&key;
	attr.value = (uint64_t)&fd;
	require(!syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), "entering the AF_XDP socket");
}

static void echo_xdp(const char *dev, const char *path, const char *job)
{
	uint8_t *memory = mmap(NULL, FRAMES * FRAME_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct xdp_umem_reg umem = { .addr = (uint64_t)memory, .len = FRAMES * FRAME_BYTES, .chunk_size = FRAME_BYTES };
	struct sockaddr_xdp address = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex(dev) };
	struct xdp_mmap_offsets offsets;
	socklen_t length = sizeof(offsets);
	int fd = socket(AF_XDP, SOCK_RAW, 0), size = RING;
	struct ring filling, completing, receiving, sending;

	require(memory != MAP_FAILED && fd >= 0, "an AF_XDP socket");
	require(!setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)), "AF_XDP memory");
	require(!setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) &&
			!setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) &&
			!setsockopt(fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size)) &&
			!setsockopt(fd, SOL_XDP, XDP_TX_RING, &size, sizeof(size)) &&
			!getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length),
		"AF_XDP rings");
	filling = map_ring(fd, &offsets.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	completing = map_ring(fd, &offsets.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	receiving = map_ring(fd, &offsets.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	sending = map_ring(fd, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	for (int i = 0; i < RING; i++)
		fill(&filling, (uint64_t)i * FRAME_BYTES);
	require(!bind(fd, (struct sockaddr *)&address, sizeof(address)), dev);
	enter_socket(path, fd);
	ready();
	for (;;) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		bool sent = false;

		poll(&waiting, 1, -1);
		while (*receiving.consumer != load(receiving.producer)) {
			struct xdp_desc *frame = (struct xdp_desc *)receiving.entries + *receiving.consumer % RING;
			struct xdp_desc copy = *frame;

			store(receiving.consumer, *receiving.consumer + 1);
			if (!work(job, memory + copy.addr, copy.len)) {
				fill(&filling, copy.addr & ~(uint64_t)(FRAME_BYTES - 1));
				continue;
			}
			((struct xdp_desc *)sending.entries)[*sending.producer % RING] = copy;
			store(sending.producer, *sending.producer + 1);
			sent = true;
		}
		if (sent)
			sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		/* What has been sent is memory to receive into again. */
		while (*completing.consumer != load(completing.producer)) {
			uint64_t done = ((uint64_t *)completing.entries)[*completing.consumer % RING];

			store(completing.consumer, *completing.consumer + 1);
			fill(&filling, done & ~(uint64_t)(FRAME_BYTES - 1));
		}
	}
}

static void stay_on(int cpu)
{
	cpu_set_t only;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	require(!sched_setaffinity(0, sizeof(only), &only), "moving to a CPU");
}

int main(int count, char **words)
{
	if (count > 4)
		stay_on(atoi(words[count - 1]));
	if (count == 5 && !strcmp(words[1], "udp"))
		echo_udp(words[2], words[3]);
	if (count == 6 && !strcmp(words[1], "packet"))
		echo_packet(words[2], words[3], words[4]);
	if (count == 6 && !strcmp(words[1], "xdp"))
		echo_xdp(words[2], words[3], words[4]);
	fprintf(stderr, "usage: echo udp ADDRESS PORT CPU | packet IN OUT JOB CPU | xdp DEV PINNED_XSKMAP JOB CPU\n");
	return 2;
}
