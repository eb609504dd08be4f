import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";

/** Scenarios that must fail are canaries: run only where they are asked for by name. */
const CANARIES = "must-fail";

/**
 * Scenario files of the given files and folders, sorted, relative to the working folder where they
 * are below it. Folders are searched for `.yml` and `.yaml`, without `must-fail/` folders; `*.rules.yaml` are rule files.
 */
export async function findScenarios(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) for (const file of await expand(path)) found.add(file);
  return [...found].sort();
}

async function expand(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw await notThere(path);
  if (!info.isDirectory()) return [shown(path)];
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  const scenarios = files
    .filter((entry) => entry.isFile() && /(?<!\.rules)\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(path, file).split("/").includes(CANARIES));
  if (scenarios.length === 0) {
    throw harnessError("usage", `there is no scenario (.yml) in ${path}`, {
      hint: "name a scenario file or a folder that holds some",
    });
  }
  return scenarios.map(shown);
}

async function notThere(path: string): Promise<Error> {
  const parts = path.split("/");
  const last = parts.pop() ?? path;
  const folder = parts.join("/") || ".";
  const siblings = await readdir(folder).catch(() => []);
  const near = nearest(last, siblings);
  return harnessError("usage", `there is no file or folder ${path}`, {
    hint: near ? `did you mean ${join(folder, near)}?` : undefined,
  });
}

function shown(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith("..") ? path : below;
}
