import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { harnessError } from "../model/error.js";

/** Writes a file for machines to read, with its folder where that is missing. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
  } catch (cause) {
    throw harnessError("io", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
