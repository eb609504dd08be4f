import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpObservation } from "../../model/observation.js";
import type { PlannedHttp } from "../../model/plan.js";
import type { Network } from "../../../netns/network.js";
import { runCommand } from "./command.js";

type Response = HttpObservation["responses"][number];

/** Makes the requests one after the other, each on a connection of its own, with one curl process. */
export async function runHttp(network: Network, step: PlannedHttp, signal?: AbortSignal): Promise<HttpObservation> {
  const folder = mkdtempSync(join(tmpdir(), "packetproof-http-"));
  network.ledger.record({ kind: "path", path: folder });
  try {
    const limitMs = step.times * step.timeoutMs + 2_000;
    const input = curlConfig(step.url.value, step.times, step.timeoutMs, folder);
    const argv = ["curl", "--disable", "--config", "-"];
    const { stdout, stderr } = await runCommand(network, step.from.value, argv, limitMs, { input, signal });
    const lines = stdout.split("\n");
    const responses = Array.from({ length: step.times }, (_, i) =>
      readResponse(lines[i] ?? "", bodyFile(folder, i), stderr),
    );
    return { kind: "http", step: step.index, responses };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    network.ledger.forget({ kind: "path", path: folder });
  }
}

/** A curl configuration; `next` begins a request with settings of its own. */
export function curlConfig(url: string, times: number, timeoutMs: number, folder: string): string {
  const request = (i: number): string =>
    [
      `url = ${quoted(url)}`,
      `output = ${quoted(bodyFile(folder, i))}`,
      `max-time = ${timeoutMs / 1000}`,
      `header = "Connection: close"`,
      `write-out = "%{exitcode}\\t%{http_code}\\t%{errormsg}\\n"`,
      "silent",
      "globoff",
      `noproxy = "*"`,
    ].join("\n");
  return Array.from({ length: times }, (_, i) => request(i)).join("\nnext\n");
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function bodyFile(folder: string, index: number): string {
  return join(folder, String(index));
}

function readResponse(line: string, file: string, stderr: string): Response {
  const [exitCode, status, message] = line.split("\t");
  const body = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (exitCode === "0") return { status: Number(status), body, error: undefined };
  return {
    status: Number(status ?? 0),
    body,
    error: message || stderr.trim() || `curl ended with ${exitCode || "nothing"}`,
  };
}
