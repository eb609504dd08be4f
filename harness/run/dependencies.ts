import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { projectRoot } from "./project.js";

/**
 * The files that a scenario's outcome may depend on, by absolute path: itself, what its text names (programs,
 * captures, rules, policies) where that is there, and what C sources among these include, as deep as it goes.
 */
export async function dependenciesOf(scenario: string): Promise<Set<string>> {
  const found = new Set<string>();
  const add = async (file: string, named: (text: string) => readonly string[]): Promise<void> => {
    if (found.has(file) || !isFile(file)) return;
    found.add(file);
    const text = await readFile(file, "utf8");
    for (const other of named(text)) await add(other, includedBy(other));
  };
  const folder = dirname(resolve(scenario));
  // Programs are searched for beside the scenario, then among the shipped ones.
  await add(resolve(scenario), (text) =>
    [...text.matchAll(/[^\s,:'"[\]{}]+\.\w+/g)].flatMap(([name]) =>
      [resolve(folder, name), join(projectRoot, "bpf", name)].slice(0, isFile(resolve(folder, name)) ? 1 : 2),
    ),
  );
  return found;
}

function includedBy(file: string): (text: string) => readonly string[] {
  if (!/\.[ch]$/.test(file)) return () => [];
  return (text) => [...text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)].map(([, name]) => resolve(dirname(file), name!));
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
