/** What is done to each frame, by bpf/bench/bench_jobs.bpf.c and whatever does the same elsewhere. */
export const jobs = {
  drop: "drop",
  count: "count and pass on",
  reflect: "send back",
  redirect: "send on by another interface",
  rewrite: "change the destination and both checksums, send back",
} as const;

export type Job = keyof typeof jobs;
