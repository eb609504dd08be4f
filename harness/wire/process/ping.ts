import type { PingObservation } from "../../model/observation.js";
import type { PlannedPing } from "../../model/plan.js";
import type { Network } from "../../../netns/network.js";
import { runCommand } from "./command.js";

/** Seconds between two requests; the default, one second, is for networks that others use too. */
const intervalS = 0.01;

/** Sends echo requests with iputils' ping; `timeoutMs` is how long the last one's answer may take. */
export async function runPing(network: Network, step: PlannedPing, signal?: AbortSignal): Promise<PingObservation> {
  const { count, payloadBytes, timeoutMs } = step;
  const options = ["-n", "-c", count, "-i", intervalS, "-s", payloadBytes, "-W", timeoutMs / 1000].map(String);
  const limitMs = count * intervalS * 1000 + timeoutMs + 1_000;
  const { stdout, stderr } = await runCommand(network, step.from.value, ["ping", ...options, step.to.value], limitMs, {
    signal,
  });
  return { kind: "ping", step: step.index, ...readSummary(stdout, count), output: stdout + stderr };
}

/** Without a summary (a wrong address, a killed ping) nothing came back. */
export function readSummary(output: string, count: number): { readonly sent: number; readonly received: number } {
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(output);
  return summary ? { sent: Number(summary[1]), received: Number(summary[2]) } : { sent: count, received: 0 };
}
