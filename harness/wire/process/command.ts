import type { Network } from "../../../netns/network.js";
import { HostProcess, type ProcessOptions } from "./host-process.js";

export interface CommandResult {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that has started; its result comes when it ends. */
export interface StartedCommand {
  readonly running: HostProcess;
  readonly result: Promise<CommandResult>;
}

type CommandOptions = ProcessOptions & { readonly signal?: AbortSignal | undefined };

/** Starts a command in a host's namespace; at the time limit its whole process group is killed. */
export async function startCommand(
  network: Network,
  host: string,
  argv: readonly string[],
  timeoutMs: number,
  options: CommandOptions = {},
): Promise<StartedCommand> {
  const running = await HostProcess.start(network, host, argv, options);
  return { running, result: endOf(running, timeoutMs, options.signal) };
}

/** Runs a command to its end. */
export async function runCommand(
  network: Network,
  host: string,
  argv: readonly string[],
  timeoutMs: number,
  options: CommandOptions = {},
): Promise<CommandResult> {
  return (await startCommand(network, host, argv, timeoutMs, options)).result;
}

async function endOf(running: HostProcess, timeoutMs: number, signal: AbortSignal | undefined): Promise<CommandResult> {
  let timedOut = false;
  const stop = (): void => void running.stop(0);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener("abort", stop);
  try {
    const { exitCode } = await running.ended;
    // What it has left behind in its group would go on sending.
    await running.stop(0);
    return { exitCode, timedOut, stdout: running.stdout, stderr: running.stderr };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
