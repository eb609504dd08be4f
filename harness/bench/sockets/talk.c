/*
 * Two processes that talk over one TCP connection:
 *
 *   talk server ADDRESS PORT                                  serves one connection after the other
 *   talk client ADDRESS PORT echo|stream BYTES COUNT          messages of so many bytes, so often
 *
 * echo: each message comes back before the next goes; prints the nanoseconds of each on one line.
 * stream: messages one way, then a byte back; prints the nanoseconds of all.
 * The server prints "ready" and works until it is killed.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct order {
	uint64_t echo;
	uint64_t bytes;
	uint64_t count;
};

static void require(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = recv(fd, bytes + done, size - done, 0);

		if (got <= 0)
			return false;
		done += got;
	}
	return true;
}

static void write_all(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = send(fd, bytes + done, size - done, MSG_NOSIGNAL);

		require(put > 0, "send");
		done += put;
	}
}

static uint8_t *buffer(size_t size)
{
	uint8_t *bytes = calloc(1, size);

	require(bytes, "memory");
	return bytes;
}

static struct sockaddr_in place(const char *address, const char *port)
{
	struct sockaddr_in found = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	require(inet_pton(AF_INET, address, &found.sin_addr) == 1, address);
	return found;
}

static void without_delay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void serve_connection(int fd)
{
	struct order order;
	uint8_t *bytes;

	without_delay(fd);
	while (read_all(fd, (uint8_t *)&order, sizeof(order))) {
		bytes = buffer(order.bytes);
		for (uint64_t i = 0; i < order.count && read_all(fd, bytes, order.bytes); i++)
			if (order.echo)
				write_all(fd, bytes, order.bytes);
		if (!order.echo)
			write_all(fd, bytes, 1);
		free(bytes);
	}
}

static void serve(struct sockaddr_in own)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	require(!bind(fd, (struct sockaddr *)&own, sizeof(own)) && !listen(fd, 16), "listening");
	puts("ready");
	fflush(stdout);
	for (;;) {
		int connection = accept(fd, NULL, NULL);

		require(connection >= 0, "accept");
		serve_connection(connection);
		close(connection);
	}
}

static void ask(struct sockaddr_in peer, struct order order)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint8_t *bytes = buffer(order.bytes);
	uint64_t start;

	require(!connect(fd, (struct sockaddr *)&peer, sizeof(peer)), "connecting");
	without_delay(fd);
	write_all(fd, (uint8_t *)&order, sizeof(order));
	start = now();
	for (uint64_t i = 0; i < order.count; i++) {
		uint64_t begin = now();

		write_all(fd, bytes, order.bytes);
		if (!order.echo)
			continue;
		require(read_all(fd, bytes, order.bytes), "an answer");
		printf("%lu ", now() - begin);
	}
	if (!order.echo) {
		require(read_all(fd, bytes, 1), "an answer");
		printf("%lu", now() - start);
	}
	puts("");
	close(fd);
}

int main(int count, char **words)
{
	if (count == 4 && !strcmp(words[1], "server"))
		serve(place(words[2], words[3]));
	if (count == 7 && !strcmp(words[1], "client")) {
		ask(place(words[2], words[3]),
		    (struct order){ !strcmp(words[4], "echo"), strtoull(words[5], NULL, 10), strtoull(words[6], NULL, 10) });
		return 0;
	}
	fprintf(stderr, "usage: talk server ADDRESS PORT | client ADDRESS PORT echo|stream BYTES COUNT\n");
	return 2;
}
