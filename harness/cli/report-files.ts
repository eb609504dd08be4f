import { appendFile, writeFile } from "node:fs/promises";
import type { BenchResult } from "../model/bench.js";
import { formatNames, formats, type FormatName } from "../../reports/formats.js";
import { renderGithub, renderStepSummary } from "../../reports/github.js";
import type { RunRecord } from "../../reports/record.js";
import { readBenchResult } from "./bench-file.js";
import { prepareOutput } from "./write-json.js";

/** `--html FILE`, `--junit FILE`, …: any of them together; `--github` prints. */
export type ReportOptions = { readonly [Name in FormatName]?: string } & {
  readonly github?: boolean;
  /** Files with measurements, which the page shows, too. */
  readonly bench?: readonly string[];
};

/** Before the work, not after it: finds out whether the files can be read and written. */
export async function prepareReports(options: ReportOptions): Promise<void> {
  await readMeasurements(options);
  for (const name of formatNames) if (options[name] !== undefined) await prepareOutput(options[name]);
}

function readMeasurements({ bench = [] }: ReportOptions): Promise<BenchResult[]> {
  return Promise.all(bench.map(readBenchResult));
}

/** Writes the reports that were asked for, and prints what GitHub Actions reads. */
export async function writeReports(record: RunRecord, options: ReportOptions): Promise<void> {
  const measurements = await readMeasurements(options);
  for (const name of formatNames) {
    const file = options[name];
    if (file !== undefined) await writeFile(file, await formats[name](record, measurements));
  }
  if (!options.github) return;
  process.stdout.write(renderGithub(record));
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary) await appendFile(summary, renderStepSummary(record));
}
