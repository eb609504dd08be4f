import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { projectRoot } from "./project.js";

/**
 * The files that a scenario's outcome may depend on, by absolute path: itself, what its text names (programs,
 * captures, rules, policies) where that is there, and what C sources among these include, as deep as it goes.
 */
export async function dependenciesOf(scenario: string): Promise<Set<string>> {
  const found = new Set<string>([resolve(scenario)]);
  const add = async (file: string): Promise<void> => {
    if (found.has(file) || !isFile(file)) return;
    found.add(file);
    if (!/\.[ch]$/.test(file)) return;
    const text = await readFile(file, "utf8");
    for (const [, name] of text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) await add(resolve(dirname(file), name!));
  };
  for (const file of namedFiles(await readFile(scenario, "utf8"), scenario).values()) await add(file);
  return found;
}

/** Words with a dot in them: what may be the name of a file. */
export const fileWords = /[^\s,:'"[\]{}]+\.\w+/g;

/** The words of a scenario's text that name a file that is there, with the file's absolute path. */
export function namedFiles(text: string, scenario: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [word] of text.matchAll(fileWords)) {
    // Programs are searched for beside the scenario, then among the shipped ones.
    const places = [resolve(dirname(scenario), word), join(projectRoot, "bpf", word)];
    const file = places.find(isFile);
    if (file !== undefined) found.set(word, file);
  }
  return found;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
