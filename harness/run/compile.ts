import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa, ExecaError } from "execa";
import { harnessError } from "../model/error.js";
import type { Span } from "../model/span.js";
import { objectFolder } from "./object-folder.js";
import { projectRoot } from "./project.js";
import { readInput } from "./read-input.js";

/** Debian keeps <asm/types.h> in a folder that clang does not search for a foreign target. */
const multiarch: Readonly<Record<string, string>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
  riscv64: "riscv64-linux-gnu",
};

/** How shipped programs and users' own sources are compiled alike, but for warnings and paths. */
export function clangArguments(): readonly string[] {
  const triplet = multiarch[process.arch];
  return [
    // v3: 32-bit arithmetic and jumps, and every atomic operation (Linux 5.12).
    ...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall"],
    ...(triplet ? ["-idirafter", `/usr/include/${triplet}`] : []),
  ];
}

/**
 * Compiles a BPF C source with clang into a temporary folder and returns the object's bytes. The same
 * source is compiled once in a run.
 */
export async function compileSource(source: string, span: Span | undefined): Promise<Uint8Array> {
  const text = await readInput(source, span);
  const digest = createHash("sha256").update(source).update(text).digest("hex").slice(0, 16);
  const folder = objectFolder();
  const object = join(folder, `${basename(source, ".c")}-${digest}.o`);
  if (!existsSync(object)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    await clang(source, `${object}.part`, span);
    await rename(`${object}.part`, object);
  }
  return readFile(object);
}

async function clang(source: string, object: string, span: Span | undefined): Promise<void> {
  // Our own headers are there for everybody: `#include "include/ip.h"`.
  const args = [...clangArguments(), "-I", join(projectRoot, "bpf"), "-c", source, "-o", object];
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
