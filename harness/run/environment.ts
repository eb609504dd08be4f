import { readFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";
import type { Capabilities } from "../model/backend.js";
import type { Environment } from "../model/event.js";
import { projectRoot } from "./project.js";

export async function packageVersion(): Promise<string> {
  const text = await readFile(join(projectRoot, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Where and with what the results are measured: recorded with every run. */
export async function describeEnvironment(backends: readonly Capabilities[]): Promise<Environment> {
  return {
    packetproof: await packageVersion(),
    node: process.version,
    platform: process.platform,
    kernel: release(),
    cpus: cpus().length,
    libbpf: await libbpfVersion(backends),
    backends: backends.map(({ backend, unavailable }) => ({ backend, unavailable })),
  };
}

async function libbpfVersion(backends: readonly Capabilities[]): Promise<string | undefined> {
  const usable = backends.some(({ backend, unavailable }) => backend !== "sim" && unavailable === undefined);
  if (!usable) return undefined;
  const { libbpfVersion: version } = await import("../kernel/libbpf.js");
  return version();
}
