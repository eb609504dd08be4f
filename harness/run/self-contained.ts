import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileWords, namedFiles } from "./dependencies.js";
import { readProgram } from "./object.js";
import type { ArchivedFile } from "./zip.js";

/** Where the files go that the scenario names. */
const folder = "files";

/**
 * A scenario with everything that it names, to be run elsewhere: sources become the objects that were run, so that no
 * compiler is needed and none makes something else of them.
 */
export async function selfContained(scenario: string): Promise<ArchivedFile[]> {
  const text = await readFile(scenario, "utf8");
  const files = new Map<string, ArchivedFile>();
  const renamed = new Map<string, string>();
  for (const [word, file] of namedFiles(text, scenario)) {
    const isSource = file.endsWith(".c");
    const plain = basename(file).replace(/\.c$/, ".o");
    const path = `${folder}/${plain}`;
    // The same name in two folders.
    const free = files.has(path) && renamed.get(word) !== path ? `${folder}/${files.size}-${plain}` : path;
    files.set(free, { path: free, bytes: isSource ? (await readProgram(file)).bytes : await readFile(file) });
    renamed.set(word, free);
  }
  const own = text.replace(fileWords, (word) => renamed.get(word) ?? word);
  return [{ path: "scenario.yml", bytes: Buffer.from(own) }, ...files.values()];
}
