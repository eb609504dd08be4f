import { spawn, type ChildProcess } from "node:child_process";
import { identifyProcess } from "../../../netns/process-identity.js";
import { killGroup } from "../../../netns/processes.js";
import type { Network } from "../../../netns/network.js";
import { harnessError } from "../../model/error.js";

/** More output than this is not kept. */
const mostOutputCharacters = 10_000_000;

export interface ProcessOptions {
  readonly cwd?: string;
  readonly input?: string;
}

/** How a process ended. */
export interface Ending {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
}

/** A command in a host's namespace, leader of a process group of its own that the ledger knows. */
export class HostProcess {
  readonly pid: number;
  stdout = "";
  stderr = "";
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #onOutput = new Set<() => void>();

  private constructor(child: ChildProcess, pid: number, ended: Promise<Ending>) {
    this.#child = child;
    this.pid = pid;
    this.ended = ended;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      if (this.stdout.length < mostOutputCharacters) this.stdout += text;
      for (const listener of this.#onOutput) listener();
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (this.stderr.length < mostOutputCharacters) this.stderr += text;
      for (const listener of this.#onOutput) listener();
    });
  }

  /** Throws "tool" where there is no such program. */
  static async start(
    network: Network,
    host: string,
    [file, ...args]: readonly string[],
    { cwd, input }: ProcessOptions = {},
  ): Promise<HostProcess> {
    if (file === undefined) throw harnessError("scenario", "a command needs at least the program's name");
    const [command, ...options] = inCgroup(network.cgroups.get(host), [file, ...args]);
    const child = network.inside(host, () =>
      spawn(command, options, { cwd, detached: true, stdio: ["pipe", "pipe", "pipe"], env: plainEnvironment() }),
    );
    const ended = new Promise<Ending>((resolve) => {
      child.on("close", (code) => resolve({ exitCode: code ?? undefined }));
    });
    // What a process that does not read is sent is lost, which is its own affair.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) =>
        reject(harnessError("tool", `${file} cannot be started on ${host}: ${cause.message}`, { cause })),
      );
    });
    const started = new HostProcess(child, child.pid!, ended);
    network.processes.add(started.pid);
    const leader = identifyProcess(started.pid);
    if (leader) {
      network.ledger.record({ kind: "group", leader });
      void ended.then(() => network.ledger.forget({ kind: "group", leader }));
    }
    return started;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  onOutput(listener: () => void): void {
    this.#onOutput.add(listener);
  }

  /** Asks the whole group to end, and makes it after so long. */
  async stop(graceMs: number): Promise<void> {
    if (!this.hasEnded && graceMs > 0) {
      signalGroup(this.pid, "SIGTERM");
      await Promise.race([this.ended, delay(graceMs)]);
    }
    killGroup(this.pid);
    // Output pipes may be held open by what left the group; the namespace's end takes care of that.
    await Promise.race([this.ended, delay(1_000)]);
  }
}

/** A shell that joins the cgroup and then becomes the command: from its first packet on, it is in there. */
function inCgroup(path: string | undefined, argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  if (path === undefined) return argv;
  return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', path, ...argv];
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "ESRCH") throw failure;
  }
}

/** Messages in English, and no proxy in the way. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C" };
  for (const name of Object.keys(env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete env[name];
  return env;
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });
}
