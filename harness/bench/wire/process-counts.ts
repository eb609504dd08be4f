import { readFileSync } from "node:fs";
import { processesIn } from "../../../netns/processes.js";
import type { Network } from "../../../netns/network.js";

/** Context switches, voluntary or not, of all processes that run in the network now. */
export function contextSwitches(network: Network): number {
  const pids = processesIn(new Set(network.namespaceIdentities));
  return pids.reduce((sum, pid) => sum + switchesOf(pid), 0);
}

/** Packets that the host's loopback device has carried. */
export function loopbackPackets(network: Network, host: string): number {
  const table = network.inside(host, () => readFileSync("/proc/thread-self/net/dev", "utf8"));
  // `lo: bytes packets errs …` (proc_pid_net(5)).
  return Number(/^\s*lo:\s*\d+\s+(\d+)/m.exec(table)?.[1] ?? 0);
}

/** 0 for a process that is gone. */
function switchesOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const counts = [...status.matchAll(/ctxt_switches:\s*(\d+)/g)].map(([, count]) => Number(count));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return 0;
  }
}
