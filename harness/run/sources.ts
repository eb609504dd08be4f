import { readFile, stat } from "node:fs/promises";
import { isAbsolute, posix, resolve } from "node:path";
import type { BpfObject } from "../model/object.js";
import type { Plan } from "../model/plan.js";
import { projectRoot } from "./project.js";

/** Larger files are no sources of a program. */
const mostBytes = 1024 * 1024;

/**
 * Texts of the C files that the plans' objects were compiled from, by the names that their line information uses: relative to
 * the working folder, else to packetproof's own. Files that are not there any more are left out.
 */
export async function readSources(plans: Iterable<Plan>): Promise<Map<string, string>> {
  const objects = new Set([...plans].flatMap(objectsOf));
  const names = new Set([...objects].flatMap(({ sources }) => sources));
  const texts = new Map<string, string>();
  for (const name of [...names].sort()) {
    const text = await firstText([resolve(name), ...(isAbsolute(name) ? [] : [resolve(projectRoot, name)])]);
    if (text !== undefined) texts.set(sourcePath(name), text);
  }
  return texts;
}

function objectsOf({ object, objects, replacements = [], steps }: Plan): BpfObject[] {
  const twins = steps.flatMap((step) => (step.kind === "property" && step.twin ? [step.twin] : []));
  return [object, ...[...objects, ...replacements, ...twins].map((each) => each.object)];
}

/** `./bpf/features/../include/ip.h` → `bpf/include/ip.h`. */
function sourcePath(name: string): string {
  return posix.normalize(name);
}

async function firstText(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() && info.size <= mostBytes) return readFile(path, "utf8");
  }
  return undefined;
}
