import { harnessError } from "../../model/error.js";
import type { PlannedRun } from "../../model/plan.js";
import type { Network } from "../../../netns/network.js";
import { startCommand, type CommandResult } from "./command.js";
import type { HostProcess } from "./host-process.js";

/** Commands that run while the steps of a case go on, by their names. */
export class BackgroundCommands {
  readonly #network: Network;
  readonly #signal: AbortSignal | undefined;
  readonly #results = new Map<string, Promise<CommandResult>>();

  constructor(network: Network, signal: AbortSignal | undefined) {
    this.#network = network;
    this.#signal = signal;
  }

  /** Returns when the command says that it is ready, or has ended: what it came to is for `wait` to tell. */
  async start(name: string, { host, command, timeoutMs, ready }: PlannedRun): Promise<void> {
    const started = await startCommand(this.#network, host.value, command.value, timeoutMs, { signal: this.#signal });
    this.#network.teardown.defer(() => started.running.stop(0));
    this.#results.set(name, started.result);
    if (ready) await Promise.race([said(started.running, ready), started.result]);
  }

  wait(name: string): Promise<CommandResult> {
    const result = this.#results.get(name);
    if (!result) throw harnessError("internal", `no command '${name}' runs: the plan says so`);
    return result;
  }
}

function said(running: HostProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (pattern.test(running.stdout) || pattern.test(running.stderr)) resolve();
    };
    running.onOutput(look);
    look();
  });
}
