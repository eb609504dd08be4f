import type { Network } from "../../../netns/network.js";
import { HostProcess, type ProcessOptions } from "./host-process.js";

export interface CommandResult {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a host's namespace to its end; at the time limit its whole process group is killed. */
export async function runCommand(
  network: Network,
  host: string,
  argv: readonly string[],
  timeoutMs: number,
  options: ProcessOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<CommandResult> {
  const running = await HostProcess.start(network, host, argv, options);
  let timedOut = false;
  const stop = (): void => void running.stop(0);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  options.signal?.addEventListener("abort", stop);
  try {
    const { exitCode } = await running.ended;
    // What it has left behind in its group would go on sending.
    await running.stop(0);
    return { exitCode, timedOut, stdout: running.stdout, stderr: running.stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
  }
}
