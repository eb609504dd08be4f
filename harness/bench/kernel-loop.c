// SPDX-License-Identifier: Apache-2.0
/*
 * The yardstick of bench:kernel: a loop over bpf_prog_test_run_opts, as one would write it in C with libbpf.
 *
 *   kernel-loop OBJECT PROGRAM PACKET_BYTES
 *
 * Reads numbers of runs from standard input, one a line, and answers each with the nanoseconds that they took.
 * The packet is fresh every run, as on our side: the kernel runs the program on a copy of its own.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	static unsigned char packet[1500], out[4096];
	struct bpf_program *program;
	struct bpf_object *object;
	unsigned int size;
	long runs;
	int fd;

	if (argc != 4)
		return fprintf(stderr, "usage: %s OBJECT PROGRAM PACKET_BYTES\n", argv[0]), 2;
	size = strtoul(argv[3], NULL, 10);
	if (size > sizeof(packet))
		return fprintf(stderr, "at most %zu bytes\n", sizeof(packet)), 2;
	object = bpf_object__open(argv[1]);
	if (!object || bpf_object__load(object))
		return fail(argv[1]);
	program = bpf_object__find_program_by_name(object, argv[2]);
	if (!program)
		return fail(argv[2]);
	fd = bpf_program__fd(program);

	while (scanf("%ld", &runs) == 1) {
		long long start = now();

		for (long i = 0; i < runs; i++) {
			LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = size, .data_out = out,
				    .data_size_out = sizeof(out));

			if (bpf_prog_test_run_opts(fd, &options))
				return fail("bpf_prog_test_run_opts");
		}
		printf("%lld\n", now() - start);
		fflush(stdout);
	}
	bpf_object__close(object);
	return 0;
}
