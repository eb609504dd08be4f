import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { harnessError } from "../../model/error.js";
import type { Service } from "../../model/scenario.js";
import type { Network } from "../../../netns/network.js";
import { HostProcess } from "./host-process.js";

/** How long a service may take to end when it is asked to. */
const stopGraceMs = 300;
/** Between two looks at whether its port is open. */
const readyPollMs = 5;

/**
 * Starts a service of the scenario and waits until it is ready; the network's teardown stops it. Throws "service"
 * where it ends before, or is not ready in time.
 */
export async function startService(network: Network, service: Service): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "packetproof-service-"));
  network.ledger.record({ kind: "path", path: folder });
  network.teardown.defer(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(service.files)) writeInside(folder, name, text, service);
  const running = await HostProcess.start(network, service.host.value, service.command.value, { cwd: folder });
  network.teardown.defer(() => running.stop(stopGraceMs));
  if (service.ready) await waitUntilReady(service, running);
}

function writeInside(folder: string, name: string, text: string, service: Service): void {
  const path = normalize(name);
  if (isAbsolute(path) || path.startsWith(".."))
    throw harnessError("service", `service ${service.name}: ${name} is outside its working directory`, {
      span: service.span,
    });
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function waitUntilReady(service: Service, running: HostProcess): Promise<void> {
  const giveUpAt = performance.now() + service.timeoutMs;
  while (!isReady(service.ready!, running)) {
    if (running.hasEnded) {
      const { exitCode } = await running.ended;
      throw failure(service, running, `ended with status ${exitCode ?? "by a signal"} before it was ready`);
    }
    if (performance.now() > giveUpAt) throw failure(service, running, `was not ready within ${service.timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
}

function isReady(ready: NonNullable<Service["ready"]>, running: HostProcess): boolean {
  return "tcpPort" in ready ? listens(running.pid, ready.tcpPort) : ready.stdout.test(running.stdout);
}

/** Whether someone in the process's namespace listens on the TCP port: a look that no server notices. */
function listens(pid: number, port: number): boolean {
  const listening = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["tcp", "tcp6"].some((table) => {
    // Lines `sl local_address rem_address st …` (proc_pid_net(5)).
    for (const line of readTable(`/proc/${pid}/net/${table}`).split("\n").slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (local?.endsWith(suffix) && state === listening) return true;
    }
    return false;
  });
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function failure(service: Service, running: HostProcess, what: string): Error {
  const said = `${running.stderr}\n${running.stdout}`.trim().split("\n").slice(-5).join("\n");
  return harnessError("service", `service ${service.name} ${what}${said ? `:\n${said}` : ""}`, { span: service.span });
}
