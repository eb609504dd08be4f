import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { RunFolder } from "../../kernel/run-folder.js";
import type { BpfObject } from "../../model/object.js";
import { projectRoot } from "../../run/project.js";
import { findCommand } from "../../../netns/find-command.js";
import { shippedObject } from "../shipped-object.js";
import { Bed } from "./bed.js";
import { markedFrame } from "./marked-frame.js";
import { Stopwatch } from "./stopwatch.js";

/** What all beds of a benchmark have in common, and where they are made. */
export class Workshop implements AsyncDisposable {
  readonly folder: RunFolder;
  readonly object: BpfObject = shippedObject("bench_jobs");
  readonly stopwatch: Stopwatch;
  /** The compiled echo.c, where there is a compiler. */
  readonly echo: string | undefined;
  readonly whyNoEcho: string | undefined;
  readonly #temporary: string;
  #beds = 0;

  private constructor(folder: RunFolder, temporary: string, echo: { path: string } | { reason: string }) {
    this.folder = folder;
    this.#temporary = temporary;
    this.echo = "path" in echo ? echo.path : undefined;
    this.whyNoEcho = "reason" in echo ? echo.reason : undefined;
    this.stopwatch = new Stopwatch(markedFrame(), folder);
  }

  static async open(): Promise<Workshop> {
    const temporary = mkdtempSync(join(tmpdir(), "packetproof-bench-"));
    const echo = await compileEcho(temporary);
    return new Workshop(new RunFolder(`bench-${process.pid}`), temporary, echo);
  }

  bed(wayOut: "eth0" | "eth1"): Promise<Bed> {
    return Bed.make(`bench${process.pid}x${this.#beds++}`, this.stopwatch, wayOut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopwatch.close();
    this.folder.close();
    rmSync(this.#temporary, { recursive: true, force: true });
    await Promise.resolve();
  }
}

async function compileEcho(folder: string): Promise<{ path: string } | { reason: string }> {
  const compiler = ["cc", "gcc", "clang"].find((name) => findCommand(name) !== undefined);
  if (compiler === undefined) return { reason: "needs a C compiler for the process: apt install gcc" };
  const path = join(folder, "echo");
  const source = join(projectRoot, "harness", "bench", "wire", "echo.c");
  const { failed, stderr } = await execa(compiler, ["-O2", "-o", path, source], { reject: false });
  return failed ? { reason: `${compiler} does not compile the process: ${stderr.split("\n")[0]}` } : { path };
}
