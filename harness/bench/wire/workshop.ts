import { RunFolder } from "../../kernel/run-folder.js";
import type { BpfObject } from "../../model/object.js";
import { compileC, type CompiledC } from "../compile-c.js";
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
  readonly #echo: CompiledC;
  #beds = 0;

  private constructor(folder: RunFolder, echo: CompiledC) {
    this.folder = folder;
    this.#echo = echo;
    this.echo = "path" in echo ? echo.path : undefined;
    this.whyNoEcho = "reason" in echo ? echo.reason : undefined;
    this.stopwatch = new Stopwatch(markedFrame(), folder);
  }

  static async open(): Promise<Workshop> {
    return new Workshop(new RunFolder(`bench-${process.pid}`), await compileC("wire/echo.c"));
  }

  bed(wayOut: "eth0" | "eth1"): Promise<Bed> {
    return Bed.make(`bench${process.pid}x${this.#beds++}`, this.stopwatch, wayOut);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopwatch.close();
    this.folder.close();
    this.#echo.remove();
    await Promise.resolve();
  }
}
