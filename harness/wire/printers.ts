import { existsSync, readdirSync } from "node:fs";
import type { PrintkTask } from "../kernel/printk.js";
import { processesIn } from "../../netns/processes.js";
import type { Network } from "../../netns/network.js";

/** Kernel threads that handle packets, and the idle CPU: nobody knows for whom. */
const kernelThreads = /^(<idle>|swapper|ksoftirqd|kworker|napi|cpumap|migration|rcu)/;

/**
 * Whose bpf_printk lines belong to a case. Programs run in software interrupts, on the back of whichever thread
 * was sending: ours, that of a process started for the case, or one of the kernel's. Lines of other threads are
 * those of cases that run at the same time in other processes.
 */
export function printersOf(network: Network): (task: PrintkTask) => boolean {
  let inNamespaces: ReadonlySet<number> | undefined;
  return ({ comm, pid }) => {
    if (kernelThreads.test(comm) || isOwnThread(pid) || network.processes.has(pid)) return true;
    inNamespaces ??= new Set(network.namespaceIdentities.flatMap((identity) => threadsIn(identity)));
    return inNamespaces.has(pid);
  };
}

function isOwnThread(pid: number): boolean {
  return existsSync(`/proc/self/task/${pid}`);
}

function threadsIn(identity: string): readonly number[] {
  return processesIn(new Set([identity])).flatMap((pid) => {
    try {
      return readdirSync(`/proc/${pid}/task`).map(Number);
    } catch {
      return [];
    }
  });
}
