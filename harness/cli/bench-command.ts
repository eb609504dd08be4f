import { existsSync, readFileSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { benchMarkdown } from "../../reports/bench-markdown.js";
import { benchText } from "../../reports/bench-table.js";
import { renderHtml } from "../../reports/html/page.js";
import { gate } from "../bench/gate.js";
import { findBenchmark, runBenchmark } from "../bench/run-benchmark.js";
import { whyNoKernel } from "../kernel/probe.js";
import { benchSchemaVersion, type BenchResult } from "../model/bench.js";
import { harnessError } from "../model/error.js";
import { removeLeftovers } from "../run/leftovers.js";
import { readBenchResult } from "./bench-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { StatusLine } from "./status-line.js";
import { prepareOutput, writeJson } from "./write-json.js";

export interface BenchCommandOptions {
  readonly json?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly gate?: string;
  readonly series?: string;
  readonly force: boolean;
  readonly seed: number;
}

/** `packetproof bench`: 1 where something is proven to be worse than in an earlier result, 3 without a kernel to measure. */
export async function benchCommand(name: string, options: BenchCommandOptions): Promise<number> {
  const file = findBenchmark(name);
  const previous = options.gate === undefined ? lastOf(options.series) : await readBenchResult(options.gate);
  const reason = whyNoKernel();
  if (reason !== undefined) {
    process.stderr.write(`packetproof: benchmarks need the running kernel: ${reason}\n`);
    return exitStatus.backendUnavailable;
  }
  for (const output of [options.json, options.html, options.markdown, options.series])
    if (output !== undefined) await prepareOutput(output);
  await removeLeftovers();
  const status = new StatusLine(process.stderr);
  const result = await runBenchmark(file, { seed: options.seed, previous, progress: (text) => status.show(text) });
  status.clear();
  const paint = paintFor(process.stdout);
  process.stdout.write(`${benchText(result, paint)}\n`);
  if (options.json !== undefined) await writeJson(options.json, result);
  if (options.html !== undefined) await writeFile(options.html, await renderHtml(undefined, [result]));
  if (options.markdown !== undefined) await writeFile(options.markdown, benchMarkdown(result));
  if (options.series !== undefined) await appendFile(options.series, `${JSON.stringify(result)}\n`);
  return previous ? reportGate(previous, result, options.force) : exitStatus.passed;
}

/** The last result of a series, a JSON line each. */
function lastOf(series: string | undefined): BenchResult | undefined {
  if (series === undefined || !existsSync(series)) return undefined;
  const last = readFileSync(series, "utf8").trim().split("\n").at(-1);
  if (!last) return undefined;
  try {
    const result = JSON.parse(last) as BenchResult;
    return result.schemaVersion === benchSchemaVersion ? result : undefined;
  } catch (cause) {
    throw harnessError("usage", `the last line of ${series} is no result of a benchmark`, { cause });
  }
}

/** Says what is proven to be worse. */
function reportGate(previous: BenchResult, result: BenchResult, force: boolean): number {
  const paint = paintFor(process.stdout);
  const { regressions, notes } = gate(previous, result, force);
  for (const note of notes) process.stdout.write(`gate: ${note}\n`);
  for (const { group, contender, message } of regressions)
    process.stdout.write(`${paint("red", "✗")} ${group} › ${contender}: ${message}\n`);
  if (regressions.length === 0) process.stdout.write(`${paint("green", "✓")} nothing is proven to be worse\n`);
  return regressions.length === 0 ? exitStatus.passed : exitStatus.failed;
}
