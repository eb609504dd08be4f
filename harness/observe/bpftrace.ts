import { randomInt } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { execa, type ResultPromise } from "execa";
import { harnessError } from "../model/error.js";
import { onCpu, possibleCpus } from "../kernel/cpus.js";
import { libc } from "../kernel/libc.js";
import { readLine, scriptOf, type Line, type Probe } from "./script.js";

/** From start to attached; compiling takes some 300 ms, on a busy machine much longer. */
const startTimeoutMs = 20_000;
/** For what has been seen to be printed: at once, on a busy machine after seconds. */
const settleTimeoutMs = 20_000;
/** How long it may take to end when it is asked to. */
const stopGraceMs = 2_000;
/** Between two marker calls while the probes are being attached. */
const retryMs = 5;

export type TraceEvent = Extract<Line, { kind: "event" }>;

/**
 * A running bpftrace. It has a mount namespace of its own with a tracefs, which it looks for at one place only, and
 * gets SIGKILL when this process ends, however it does: nothing of it, or of its probes, outlives a run.
 */
export class Bpftrace {
  readonly #child: Child;
  readonly #probes: readonly Probe[];
  readonly #markerBase: number;
  readonly #events: TraceEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #answered = new Map<string, Set<number>>();
  #said = "";
  #lost = 0;
  #attaching = false;
  #ended = false;
  #nextMarker = 0;

  private constructor(child: Child, probes: readonly Probe[], markerBase: number) {
    this.#child = child;
    this.#probes = probes;
    this.#markerBase = markerBase;
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(line));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#said += text));
    child.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Resolves when all probes are attached. Throws "tool" where bpftrace refuses the script or ends. */
  static async start(probes: readonly Probe[]): Promise<Bpftrace> {
    const base = 2 ** 30 + randomInt(512) * 2 ** 20;
    const libcFile = probes.some(({ attach }) => attach.startsWith("u")) ? libcPath() : undefined;
    const home = statSync("/proc/self/ns/net").ino;
    const script = scriptOf(probes, { base, libc: libcFile }, home);
    const tracer = new Bpftrace(spawnBpftrace(script), probes, base);
    try {
      await tracer.#attach();
      return tracer;
    } catch (failure) {
      await tracer.stop();
      throw failure;
    }
  }

  /** Everything that was seen up to now and not yet given out, in the order of time. Throws "io" where some was lost. */
  async drain(): Promise<readonly TraceEvent[]> {
    const number = this.#nextMarker++;
    const cpus = new Set<number>();
    for (let n = 0; n < possibleCpus(); n++) cpus.add(this.#mark(number, n));
    const answered = (): boolean => (this.#answered.get(`last ${number}`)?.size ?? 0) >= cpus.size;
    await this.#until(answered, settleTimeoutMs, "has not printed what it saw");
    this.#answered.delete(`first ${number}`);
    this.#answered.delete(`last ${number}`);
    if (this.#lost > 0)
      throw harnessError("io", `bpftrace lost ${this.#lost} events`, { hint: "let less happen at once" });
    return this.#events.splice(0).toSorted((a, b) => Number(a.timeNs - b.timeNs));
  }

  async stop(): Promise<void> {
    // After the grace period execa sends SIGKILL.
    this.#child.kill("SIGINT");
    await this.#child;
  }

  async #attach(): Promise<void> {
    await this.#until(() => this.#attaching, startTimeoutMs, "did not start");
    const giveUpAt = performance.now() + startTimeoutMs;
    const answered = (): boolean => this.#answered.has("first 0") && this.#answered.has("last 0");
    while (!answered()) {
      if (performance.now() > giveUpAt) throw this.#failure("did not attach its probes");
      this.#mark(0, 0);
      await this.#pause(retryMs);
      if (this.#ended) throw this.#failure("ended");
    }
    this.#nextMarker = 1;
    // What was seen while only some of the probes were there is no whole story.
    await this.drain();
  }

  /** Calls kill(2) from the nth CPU that may be used; returns which that is. */
  #mark(number: number, n: number): number {
    return onCpu(n, () => {
      try {
        process.kill(this.#markerBase + number, 0);
      } catch {
        // ESRCH: there is no such process, on purpose.
      }
      return libc().sched_getcpu();
    });
  }

  #take(json: string): void {
    if (!json.startsWith("{")) return;
    const { type, data } = JSON.parse(json) as { type: string; data: unknown };
    if (type === "attached_probes") this.#attaching = true;
    if (type === "lost_events") this.#lost += (data as { events: number }).events;
    const line = type === "printf" ? readLine(data as string, this.#probes) : undefined;
    if (line?.kind === "event") this.#events.push(line);
    if (line?.kind === "marker") {
      const key = `${line.end} ${line.number}`;
      this.#answered.set(key, (this.#answered.get(key) ?? new Set()).add(line.cpu));
    }
    this.#wake();
  }

  async #until(done: () => boolean, timeoutMs: number, otherwise: string): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    while (!done()) {
      if (this.#ended) throw this.#failure("ended");
      if (performance.now() > giveUpAt) throw this.#failure(`${otherwise} within ${timeoutMs} ms`, "timeout");
      await this.#pause(giveUpAt - performance.now());
    }
  }

  /** Until something is printed, or so long. */
  #pause(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(mostMs, 0));
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #failure(what: string, code: "tool" | "timeout" = "tool"): Error {
    const said = this.#said
      .split("\n")
      // Said on machines without CAP_SYS_RESOURCE, where nothing follows from it.
      .filter((line) => line.trim() !== "" && !line.includes("RLIMIT_MEMLOCK"))
      .slice(-5)
      .join("\n");
    return harnessError(code, `bpftrace ${what}${said ? `:\n${said}` : ""}`);
  }
}

type Child = ReturnType<typeof spawnBpftrace>;

const options = {
  buffer: false,
  reject: false,
  stdin: "ignore",
  killSignal: "SIGINT",
  forceKillAfterDelay: stopGraceMs,
  // The longest texts for which events still fit on a BPF program's stack.
  env: { BPFTRACE_STRLEN: "112", LC_ALL: "C" },
} as const;

function spawnBpftrace(script: string): ResultPromise<typeof options> {
  const withTracefs = 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"';
  const bpftrace = ["setpriv", "--pdeathsig", "KILL", "bpftrace", "-B", "line", "-f", "json", "-e", script];
  const args = ["--mount", "--propagation", "private", "sh", "-c", withTracefs, "sh", ...bpftrace];
  return execa("unshare", args, options);
}

/** The C library that this process itself uses. */
function libcPath(): string {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const path = /\s(\/\S*\/libc\.so\S*)$/m.exec(maps)?.[1];
  if (path === undefined) throw harnessError("unsupported", "this process uses no libc.so that a uprobe could watch");
  return path;
}
