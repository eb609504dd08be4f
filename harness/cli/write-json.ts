import { existsSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { harnessError } from "../model/error.js";

/** Makes sure that a file can be written, with its folder where that is missing: before the work, not after it. */
export async function prepareOutput(file: string): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await (await open(file, "a")).close();
  } catch (cause) {
    throw harnessError("usage", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Writes a file for machines to read. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await prepareOutput(file);
  await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** One folder after the other: Node's recursive mkdir never ends below /proc, which holds no new ones. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
