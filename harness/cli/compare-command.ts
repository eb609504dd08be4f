import { writeFile } from "node:fs/promises";
import { compareRuns } from "../../reports/compare/compare.js";
import { renderComparison } from "../../reports/compare/page.js";
import { comparisonText } from "../../reports/compare/text.js";
import { recordRun } from "../../reports/record.js";
import { readEvents } from "./event-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { prepareOutput, writeJson } from "./write-json.js";

export interface CompareCommandOptions {
  readonly html?: string;
  readonly json?: string;
}

/** `packetproof report compare`: 1 where something got worse; times alone, which vary, do not make it so. */
export async function compareCommand(before: string, after: string, options: CompareCommandOptions): Promise<number> {
  const [was, is] = [recordRun(await readEvents(before)), recordRun(await readEvents(after))];
  const comparison = compareRuns(was, is);
  if (options.json !== undefined) await writeJson(options.json, comparison);
  if (options.html !== undefined) {
    await prepareOutput(options.html);
    await writeFile(options.html, await renderComparison(comparison, was, is));
  }
  process.stdout.write(`${comparisonText(comparison, paintFor(process.stdout))}\n`);
  const worse = comparison.differences.some(({ direction, kind }) => direction === "worse" && kind !== "latency");
  return worse ? exitStatus.failed : exitStatus.passed;
}
