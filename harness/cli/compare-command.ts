import { writeFile } from "node:fs/promises";
import { hostDifferences } from "../bench/host.js";
import type { BenchResult } from "../model/bench.js";
import { harnessError } from "../model/error.js";
import { compareBenches } from "../../reports/compare/benches.js";
import { compareRuns, type Comparison } from "../../reports/compare/compare.js";
import { renderComparison } from "../../reports/compare/page.js";
import { comparisonText } from "../../reports/compare/text.js";
import { recordRun, type RunRecord } from "../../reports/record.js";
import { readBenchResult } from "./bench-file.js";
import { readEvents } from "./event-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { prepareOutput, writeJson } from "./write-json.js";

export interface CompareCommandOptions {
  readonly html?: string;
  readonly json?: string;
  readonly force?: boolean;
}

/** `packetproof report compare`: 1 where something got worse; times alone, which vary, do not make it so. */
export async function compareCommand(before: string, after: string, options: CompareCommandOptions): Promise<number> {
  const { comparison, names } = await compareFiles(before, after, options.force ?? false);
  if (options.json !== undefined) await writeJson(options.json, comparison);
  if (options.html !== undefined) {
    await prepareOutput(options.html);
    await writeFile(options.html, await renderComparison(comparison, names));
  }
  process.stdout.write(`${comparisonText(comparison, paintFor(process.stdout))}\n`);
  const worse = comparison.differences.some(({ direction, kind }) => direction === "worse" && kind !== "latency");
  return worse ? exitStatus.failed : exitStatus.passed;
}

/** Two measurements (`bench --json`), or two runs (`run --blob`), with what people call them. */
async function compareFiles(
  before: string,
  after: string,
  force: boolean,
): Promise<{ readonly comparison: Comparison; readonly names: readonly [string, string] }> {
  const files = [before, after];
  if (files.every((file) => file.endsWith(".json"))) {
    const [was, is] = (await Promise.all(files.map(readBenchResult))) as [BenchResult, BenchResult];
    if (!force) refuseUnlikeHosts(was, is);
    const name = ({ startedAt, host }: BenchResult): string => nameOf(startedAt, host.kernel);
    return { comparison: compareBenches(was, is), names: [name(was), name(is)] };
  }
  const [was, is] = [recordRun(await readEvents(before)), recordRun(await readEvents(after))];
  const name = ({ start }: RunRecord): string =>
    `${nameOf(start.startedAt, `Linux ${start.environment.kernel}`)}, seed ${start.seed}`;
  return { comparison: compareRuns(was, is), names: [name(was), name(is)] };
}

function nameOf(startedAt: string, kernel: string): string {
  return `the one of ${startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")} on ${kernel}`;
}

function refuseUnlikeHosts(before: BenchResult, after: BenchResult): void {
  const unlike = hostDifferences(before.host, after.host);
  if (unlike.length === 0) return;
  throw harnessError("usage", `the two were measured on unlike hosts: ${unlike.join("; ")}`, {
    hint: "--force compares them nevertheless",
  });
}
