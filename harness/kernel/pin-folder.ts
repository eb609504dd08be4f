import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../model/plan.js";
import type { RunFolder } from "./run-folder.js";

let loads = 0;

/** A folder of this load's own in the run's bpffs, where anything is to be pinned: cases must not share maps. */
export function makePinFolder(plan: Pick<Plan, "object" | "pins">, folder: RunFolder): string | undefined {
  if (Object.keys(plan.pins).length === 0 && !plan.object.maps.some((map) => map.pinByName)) return undefined;
  const path = join(folder.mount("bpf"), String(loads++));
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** bpffs has no recursive removal of its own, and Node's chmods what it cannot remove: one by one, then. */
export function removeTree(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) removeTree(child);
    else unlinkSync(child);
  }
  rmdirSync(path);
}
