import { readdirSync, readlinkSync } from "node:fs";
import { identifyProcess } from "./process-identity.js";

/** Pids of the processes whose network namespace is one of those (`net:[4026532008]`), never this process itself. */
export function processesIn(identities: ReadonlySet<string>): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && identities.has(namespaceOf(pid)));
}

/** Empty for a process that is gone. */
function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

/** A process that the kernel is still busy with after this long is left to it. */
const endTimeoutMs = 2_000;

/**
 * Ends, by SIGKILL, whatever still runs in namespaces that a run has made, also what left its process group, and
 * waits until it has ended. Returns how many processes there were.
 */
export async function killProcessesIn(identities: ReadonlySet<string>): Promise<number> {
  const pids = processesIn(identities);
  for (const pid of pids) kill(pid);
  const giveUpAt = performance.now() + endTimeoutMs;
  while (pids.some((pid) => identifyProcess(pid)) && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, 1));
  return pids.length;
}

/** Ends a whole process group, if it is still there. */
export function killGroup(leader: number): void {
  kill(-leader);
}

function kill(target: number): void {
  try {
    process.kill(target, "SIGKILL");
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "ESRCH") throw failure;
  }
}
