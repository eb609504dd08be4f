import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../run/project.js";
import { findCommand } from "../../netns/find-command.js";

/** A program of harness/bench, compiled into a temporary folder, or why that is not possible here. */
export type CompiledC = { readonly path: string; remove(): void } | { readonly reason: string; remove(): void };

/** `source`: relative to harness/bench. Processes are written in C, for theirs is the time that is measured. */
export async function compileC(source: string, ...libraries: readonly string[]): Promise<CompiledC> {
  const remove = (): void => undefined;
  const compiler = ["cc", "gcc", "clang"].find((name) => findCommand(name) !== undefined);
  if (compiler === undefined) return { reason: "needs a C compiler for the process: apt install gcc", remove };
  const folder = mkdtempSync(join(tmpdir(), "packetproof-bench-"));
  const path = join(folder, "program");
  const file = join(projectRoot, "harness", "bench", source);
  const { failed, stderr } = await execa(compiler, ["-O2", "-o", path, file, ...libraries], { reject: false });
  const compiled = { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
  if (!failed) return compiled;
  compiled.remove();
  return { reason: `${compiler} does not compile the process: ${stderr.split("\n")[0]}`, remove };
}
