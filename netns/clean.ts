import { existsSync, rmdirSync, rmSync, statSync } from "node:fs";
import { findAbandoned, type LedgerEntry } from "./ledger.js";
import { namespacePath, removeNamespaceName } from "./namespace.js";
import { isAlive } from "./process-identity.js";
import { killGroup, killProcessesIn } from "./processes.js";

/**
 * Removes what runs that were killed have left behind, and nothing else: only what the ledger of a dead owner
 * names. Returns one line for each thing removed.
 */
export async function cleanLeftovers(): Promise<string[]> {
  const removed: string[] = [];
  for (const { entries, directory } of findAbandoned()) {
    for (const entry of entries) {
      const line = await remove(entry);
      if (line) removed.push(line);
    }
    rmSync(directory, { recursive: true, force: true });
  }
  return removed;
}

/** What was removed; undefined where there was nothing. */
async function remove(entry: LedgerEntry): Promise<string | undefined> {
  switch (entry.kind) {
    case "namespace": {
      const path = namespacePath(entry.name);
      if (!existsSync(path)) return undefined;
      const killed = await killProcessesIn(new Set([`net:[${statSync(path).ino}]`]));
      removeNamespaceName(entry.name);
      return `network namespace ${entry.name}${killed > 0 ? ` with ${killed} processes` : ""}`;
    }
    case "group":
      if (!isAlive(entry.leader)) return undefined;
      killGroup(entry.leader.pid);
      return `process group ${entry.leader.pid}`;
    case "cgroup":
      if (!existsSync(entry.path)) return undefined;
      rmdirSync(entry.path);
      return `cgroup ${entry.path}`;
    case "path":
      if (!existsSync(entry.path)) return undefined;
      rmSync(entry.path, { recursive: true, force: true });
      return entry.path;
  }
}
