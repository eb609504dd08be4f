import type { Network } from "../../../netns/network.js";
import { harnessError } from "../../model/error.js";
import { HostProcess } from "../../wire/process/host-process.js";

/** Starts one of our own processes on a host and waits until it says that it is ready; it ends with the network. */
export async function startReady(network: Network, host: string, argv: readonly string[]): Promise<void> {
  const running = await HostProcess.start(network, host, argv);
  network.teardown.defer(() => running.stop(0));
  await new Promise<void>((resolve, reject) => {
    running.onOutput(() => {
      if (running.stdout.includes("ready")) resolve();
    });
    void running.ended.then(() => reject(harnessError("tool", `${argv.slice(1).join(" ")}: ${running.stderr.trim()}`)));
  });
}
