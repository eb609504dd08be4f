import { readFileSync } from "node:fs";
import { libc, orThrow } from "./libc.js";

let possible: number | undefined;

/** How many values a per-CPU map has behind each key: possible CPUs, not online ones. */
export function possibleCpus(): number {
  possible ??= parseCpuList(readFileSync("/sys/devices/system/cpu/possible", "utf8")).at(-1)! + 1;
  return possible;
}

/** `0-3,8` → 0, 1, 2, 3, 8: the format of cpu lists in sysfs. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Runs `work` with the calling thread on the nth of the CPUs that it may use (counting round), then lifts the pin. */
export function onCpu<T>(n: number, work: () => T): T {
  const allowed = affinity();
  const cpus = cpusOf(allowed);
  pin(maskOf(cpus[n % cpus.length]!, allowed.length));
  try {
    return work();
  } finally {
    pin(allowed);
  }
}

function affinity(): Uint8Array {
  // 1024 CPUs, glibc's own limit; the kernel refuses a mask that is too small for it.
  const mask = new Uint8Array(128);
  orThrow(libc().sched_getaffinity(0, mask.length, mask), "cannot read the CPUs that this thread may use");
  return mask;
}

function pin(mask: Uint8Array): void {
  orThrow(libc().sched_setaffinity(0, mask.length, mask), "cannot bind the sending thread to a CPU");
}

function cpusOf(mask: Uint8Array): number[] {
  const cpus: number[] = [];
  for (let cpu = 0; cpu < mask.length * 8; cpu++) if ((mask[cpu >> 3]! >> (cpu & 7)) & 1) cpus.push(cpu);
  return cpus;
}

function maskOf(cpu: number, sizeBytes: number): Uint8Array {
  const mask = new Uint8Array(sizeBytes);
  mask[cpu >> 3] = 1 << (cpu & 7);
  return mask;
}
