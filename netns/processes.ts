import { readdirSync, readlinkSync } from "node:fs";

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

/**
 * Ends, by SIGKILL, whatever still runs in namespaces that a run has made: also what left its process group.
 * Returns how many there were.
 */
export function killProcessesIn(identities: ReadonlySet<string>): number {
  const pids = processesIn(identities);
  for (const pid of pids) kill(pid);
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
