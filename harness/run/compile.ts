import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { execa, ExecaError } from "execa";
import { harnessError } from "../model/error.js";
import type { Span } from "../model/span.js";
import { projectRoot } from "./project.js";

/** Where clang looks for headers: our own, then the source's folder, then Debian's multiarch folder for <asm/types.h>. */
export function includeArguments(source: string): string[] {
  const multiarch = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch as "x64" | "arm64"];
  const folders = [join(projectRoot, "bpf", "include"), join(projectRoot, "bpf"), dirname(source)];
  if (multiarch) folders.push(`/usr/include/${multiarch}`);
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => ["-I", folder]);
}

/**
 * Compiles a BPF C source with clang into a temporary folder and returns the object's bytes. The same
 * source is compiled once in a run.
 */
export async function compileSource(source: string, span: Span | undefined): Promise<Uint8Array> {
  const text = await readFile(source);
  const digest = createHash("sha256").update(source).update(text).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `packetproof-objects-${process.getuid?.() ?? 0}-${process.pid}`);
  const object = join(folder, `${basename(source, ".c")}-${digest}.o`);
  if (!existsSync(object)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    process.once("exit", () => void rm(folder, { recursive: true, force: true }));
    await clang(source, `${object}.part`, span);
    await rename(`${object}.part`, object);
  }
  return readFile(object);
}

async function clang(source: string, object: string, span: Span | undefined): Promise<void> {
  const args = ["-O2", "-g", "-target", "bpf", "-Wall", ...includeArguments(source), "-c", source, "-o", object];
  try {
    await execa("clang", args, { timeout: 60_000 });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.code === "ENOENT") {
      throw harnessError("tool", `${source} has to be compiled and clang is not installed`, {
        span,
        hint: "apt-get install clang libbpf-dev, or name a compiled .o instead",
        cause: error,
      });
    }
    throw harnessError("compile", `clang refuses ${source}:\n${String(error.stderr).trimEnd()}`, {
      span,
      cause: error,
    });
  }
}
