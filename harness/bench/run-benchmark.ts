import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { benchSchemaVersion, type BenchResult } from "../model/bench.js";
import { harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import { packageVersion } from "../run/environment.js";
import { projectRoot } from "../run/project.js";
import type { BenchContext } from "./context.js";
import { parseDefinition } from "./definition/definition.js";
import { describeHost } from "./host.js";

/** Definitions that come with packetproof. */
const shippedFolder = join(projectRoot, "benchmarks");

export function shippedBenchmarks(): readonly string[] {
  return readdirSync(shippedFolder)
    .filter((file) => file.endsWith(".yml"))
    .map((file) => basename(file, ".yml"));
}

/** The file that a name or path on the command line means. */
export function findBenchmark(name: string): string {
  if (/\.ya?ml$/.test(name)) {
    if (existsSync(name)) return name;
    throw harnessError("usage", `there is no file ${name}`);
  }
  const known = shippedBenchmarks();
  if (known.includes(name)) return join(shippedFolder, `${name}.yml`);
  const near = nearest(name, known);
  throw harnessError("usage", `there is no benchmark ${name}`, {
    hint: near ? `did you mean ${near}?` : `there are: ${known.join(", ")}; or name a .yml file`,
  });
}

/** Measures what a file describes. */
export async function runBenchmark(file: string, options: Omit<BenchContext, "file">): Promise<BenchResult> {
  const { title, measure } = parseDefinition(readFileSync(file, "utf8"), file);
  const startedAt = new Date();
  const { groups, notes } = await measure({ ...options, file });
  return {
    schemaVersion: benchSchemaVersion,
    name: basename(file).replace(/\.ya?ml$/, ""),
    title,
    packetproof: await packageVersion(),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    seed: options.seed,
    host: describeHost(),
    groups,
    notes,
  };
}
