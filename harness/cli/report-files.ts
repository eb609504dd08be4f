import { appendFile, writeFile } from "node:fs/promises";
import { formatNames, formats, type FormatName } from "../../reports/formats.js";
import { renderGithub, renderStepSummary } from "../../reports/github.js";
import type { RunRecord } from "../../reports/record.js";
import { prepareOutput } from "./write-json.js";

/** `--html FILE`, `--junit FILE`, …: any of them together; `--github` prints. */
export type ReportOptions = { readonly [Name in FormatName]?: string } & { readonly github?: boolean };

/** Before the work, not after it: finds out whether the files can be written. */
export async function prepareReports(options: ReportOptions): Promise<void> {
  for (const name of formatNames) if (options[name] !== undefined) await prepareOutput(options[name]);
}

/** Writes the reports that were asked for, and prints what GitHub Actions reads. */
export async function writeReports(record: RunRecord, options: ReportOptions): Promise<void> {
  for (const name of formatNames) {
    const file = options[name];
    if (file !== undefined) await writeFile(file, await formats[name](record));
  }
  if (!options.github) return;
  process.stdout.write(renderGithub(record));
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary) await appendFile(summary, renderStepSummary(record));
}
