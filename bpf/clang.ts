import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { execa } from "execa";
import { clangArguments } from "../harness/run/compile.js";

/** A compiled source, and everything that decided what its bytes are. */
export interface Compiled {
  readonly object: Uint8Array;
  /** The source and our own headers, relative to the tree → SHA-256. */
  readonly sources: Readonly<Record<string, string>>;
  /** SHA-256 of the headers that belong to clang, libbpf and the kernel. */
  readonly systemHeaders: readonly string[];
}

/**
 * Compiles one BPF C source. The same sources and tools give the same bytes in any folder: clang runs
 * inside the tree that it compiles and is given relative paths only. What DWARF knows is stripped; BTF,
 * with the source lines for messages, stays.
 */
export async function compile(tree: string, source: string): Promise<Compiled> {
  const object = join(tree, "out.o");
  const rule = join(tree, "out.d");
  await execa("clang", [...clangArguments(), ...shippedArguments, "-MD", "-MF", rule, "-c", source, "-o", object], {
    cwd: tree,
    stderr: "inherit",
  });
  await execa("llvm-strip", ["-g", object]);
  return { object: await readFile(object), ...(await digestInputs(tree, await readFile(rule, "utf8"))) };
}

export async function clangVersion(): Promise<string> {
  const { stdout } = await execa("clang", ["--version"]);
  return /clang version (\S+)/.exec(stdout)?.[1] ?? stdout;
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Relative paths only in the object; and a program has its context as an argument, whether it looks at it or not. */
const shippedArguments = ["-fdebug-compilation-dir=.", "-Wextra", "-Wno-unused-parameter"];

/** `rule` is what -MD writes for make: `out.o: a.c b.h \` and so on. */
async function digestInputs(tree: string, rule: string): Promise<Pick<Compiled, "sources" | "systemHeaders">> {
  const files = rule.replace(/^[^:]*:/, "").match(/[^\s\\]+/g) ?? [];
  const sources = new Map<string, string>();
  const systemHeaders: string[] = [];
  for (const file of files) {
    if (file.startsWith("/")) systemHeaders.push(sha256(await readFile(file)));
    else sources.set(normalize(file), sha256(await readFile(join(tree, file))));
  }
  return { sources: Object.fromEntries([...sources].sort(([a], [b]) => (a < b ? -1 : 1))), systemHeaders };
}
