import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { System } from "../model/system.js";

/**
 * The systems that scenario files are about: of each `systems.json` in a folder above one of them, with the paths of
 * its scenarios as those of `files` are. Without such a file there are none.
 */
export async function findSystems(files: readonly string[]): Promise<System[]> {
  const folders = new Set(files.flatMap((file) => foldersAbove(file)));
  const systems: System[] = [];
  for (const folder of [...folders].sort()) {
    const text = await readFile(join(folder, "systems.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    for (const system of JSON.parse(text) as System[])
      systems.push({ ...system, scenarios: system.scenarios.map((file) => join(folder, file)) });
  }
  return systems;
}

function foldersAbove(file: string): string[] {
  const folder = dirname(file);
  return folder === file ? [] : [folder, ...(folder === "." ? [] : foldersAbove(folder))];
}
