import { libc, orThrow } from "../kernel/libc.js";

/** MEMBARRIER_CMD_GLOBAL: returns when every CPU has been through a quiescent state (synchronize_rcu). */
const globalBarrier = 1;

/** sched_setaffinity(2) for up to so many CPUs. */
const maskBytes = 128;

/** The one that the first work happened to be on. */
let ownCpu: number | undefined;

/**
 * Does `work` on one CPU, always the same: programs keep things by CPU, and one step looks for what another left. A frame that a thread sends over veth is handled by software interrupts of the CPU it is
 * on, and those do not yield to threads: whatever began before the thread looks again has ended when it does.
 */
export async function onOneCpu<T>(work: () => Promise<T>): Promise<T> {
  const before = new Uint8Array(maskBytes);
  orThrow(libc().sched_getaffinity(0, before.length, before), "asking for the thread's CPUs");
  ownCpu ??= libc().sched_getcpu();
  pinTo(ownCpu);
  try {
    return await work();
  } finally {
    libc().sched_setaffinity(0, before.length, before);
  }
}

/** Keeps the calling thread on one CPU. */
export function pinTo(cpu: number): void {
  const mask = new Uint8Array(maskBytes);
  mask[cpu >> 3] = 1 << (cpu & 7);
  orThrow(libc().sched_setaffinity(0, mask.length, mask), `moving to CPU ${cpu}`);
}

/** The CPUs that the calling thread may use. */
export function allowedCpus(): readonly number[] {
  const mask = new Uint8Array(maskBytes);
  orThrow(libc().sched_getaffinity(0, mask.length, mask), "asking for the thread's CPUs");
  return Array.from({ length: maskBytes * 8 }, (_, cpu) => cpu).filter((cpu) => mask[cpu >> 3]! & (1 << (cpu & 7)));
}

/** Waits, about 10 ms, until everything that any CPU was in the middle of has ended. */
export function waitForAllCpus(): void {
  orThrow(libc().membarrier(globalBarrier, 0, 0), "waiting for all CPUs (membarrier)");
}
