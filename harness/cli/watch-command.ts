import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch, type FSWatcher } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dependenciesOf } from "../run/dependencies.js";
import { findScenarios } from "../run/find-scenarios.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { reportError } from "./report-error.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

/** Editors write a file in several steps; so long after the last of them it is taken as it is. */
const settleMs = 30;

/**
 * `packetproof watch`: runs scenarios, then those again whose files change (or their programs, headers, captures),
 * until it is interrupted. Each run is a process of its own, which compiles anew and cleans up by itself.
 *
 * @param options what `run` is given besides the files.
 */
export async function watchCommand(paths: readonly string[], options: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
  const watched = new Watched(paths, stop.signal);
  try {
    let touched = await watched.refresh();
    while (!stop.signal.aborted) {
      if (touched.length > 0) await runOnce(touched, options, stop.signal);
      if (stop.signal.aborted) break;
      say(`watching ${watched.count} scenarios; Ctrl-C ends it`);
      const changed = await watched.next();
      if (changed.size === 0) break;
      const before = watched.dependents(changed);
      // What was added, and what a file depends on now.
      // A file that is being replaced is not there for a moment; that it comes is a change, too.
      const added = await watched.refresh().catch((error: unknown): string[] => {
        reportError(error);
        return [];
      });
      touched = [...new Set([...before, ...added, ...watched.dependents(changed)])].sort();
      if (touched.length > 0) say(`changed: ${[...changed].map((file) => relative("", file)).join(", ")}`);
    }
  } finally {
    watched.close();
  }
  return exitStatus.passed;
}

async function runOnce(files: readonly string[], options: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [main, "run", ...files, ...options], { stdio: "inherit" });
  // It tidies up before it ends.
  const end = (): boolean => child.kill("SIGTERM");
  signal.addEventListener("abort", end);
  await once(child, "close");
  signal.removeEventListener("abort", end);
}

function say(text: string): void {
  process.stdout.write(`${paintFor(process.stdout)("dim", text)}\n`);
}

/** Scenarios, the files they depend on, and the folders of these, which the system is asked to watch. */
class Watched {
  readonly #paths: readonly string[];
  readonly #dependencies = new Map<string, ReadonlySet<string>>();
  readonly #folders = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  readonly #signal: AbortSignal;
  #events = 0;
  #wake: () => void = () => undefined;

  constructor(paths: readonly string[], signal: AbortSignal) {
    this.#paths = paths;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake());
  }

  get count(): number {
    return this.#dependencies.size;
  }

  /** Looks for scenarios and dependencies anew; returns the scenarios that are new. */
  async refresh(): Promise<string[]> {
    const known = new Set(this.#dependencies.keys());
    const files = await findScenarios(this.#paths);
    this.#dependencies.clear();
    for (const file of files) this.#dependencies.set(file, await dependenciesOf(file));
    const folders = new Set([...this.#dependencies.values()].flatMap((each) => [...each].map((file) => dirname(file))));
    for (const folder of folders) this.#watch(folder);
    return files.filter((file) => !known.has(file));
  }

  /** Scenarios for which one of these files matters. */
  dependents(changed: ReadonlySet<string>): string[] {
    return [...this.#dependencies].flatMap(([scenario, files]) =>
      [...changed].some((file) => files.has(file)) ? [scenario] : [],
    );
  }

  /** The files that changed since the last time, as soon as there are any; none where it is to end. */
  async next(): Promise<ReadonlySet<string>> {
    while (!this.#signal.aborted && !this.#matters()) await this.#woken();
    let seen: number;
    do {
      seen = this.#events;
      const timer = setTimeout(() => this.#wake(), settleMs);
      await this.#woken();
      clearTimeout(timer);
    } while (!this.#signal.aborted && this.#events > seen);
    const changed = new Set(this.#signal.aborted ? [] : this.#changed);
    this.#changed.clear();
    return changed;
  }

  close(): void {
    for (const watcher of this.#folders.values()) watcher.close();
  }

  #matters(): boolean {
    return this.dependents(this.#changed).length > 0 || [...this.#changed].some((file) => /\.ya?ml$/.test(file));
  }

  #watch(folder: string): void {
    if (this.#folders.has(folder)) return;
    const watcher = watch(folder, (_, name) => {
      if (name !== null) this.#changed.add(resolve(folder, name));
      this.#events++;
      this.#wake();
    });
    // A folder that goes away takes its scenarios along.
    watcher.on("error", () => this.#folders.delete(folder));
    this.#folders.set(folder, watcher);
  }

  #woken(): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
