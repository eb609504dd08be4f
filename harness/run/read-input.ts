import { readFile, stat } from "node:fs/promises";
import { harnessError } from "../model/error.js";
import type { Span } from "../model/span.js";

/** The bytes of a file that a scenario or the command line names; folders and devices are none, or never end. */
export async function readInput(path: string, span?: Span): Promise<Uint8Array> {
  const refuse = (why: string, cause?: unknown): Error =>
    harnessError(span ? "scenario" : "usage", `cannot read ${path}: ${why}`, { span, cause });
  try {
    const info = await stat(path);
    if (info.isFile()) return new Uint8Array(await readFile(path));
    throw refuse(info.isDirectory() ? "it is a folder" : "it is not a regular file");
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    throw refuse(reasons[(cause as NodeJS.ErrnoException).code ?? ""] ?? cause.message, cause);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  ENOTDIR: "a part of its path is not a folder",
  ELOOP: "too many symbolic links",
};
