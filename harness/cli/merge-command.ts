import { mergeRuns } from "../../reports/merge.js";
import { recordRun } from "../../reports/record.js";
import { failureBlock, summaryText } from "../../reports/terminal.js";
import { reportOf } from "../../reports/totals.js";
import { EventFile, readEvents } from "./event-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { prepareReports, writeReports, type ReportOptions } from "./report-files.js";

export interface MergeCommandOptions extends ReportOptions {
  readonly blob?: string;
}

/** `packetproof report merge`: returns the exit status of the whole run; a part that is missing is a failure. */
export async function mergeCommand(files: readonly string[], options: MergeCommandOptions): Promise<number> {
  const blobs = [];
  for (const name of files) blobs.push({ name, events: await readEvents(name) });
  const { events, problems } = mergeRuns(blobs);
  await prepareReports(options);
  if (options.blob !== undefined) {
    const blob = await EventFile.create(options.blob);
    for (const event of events) await blob.write(event);
    await blob.close();
  }
  const record = recordRun(events);
  const report = reportOf(record);
  await writeReports(record, options);
  const paint = paintFor(process.stdout);
  const failed = record.results.filter(({ outcome }) => outcome === "failed" || outcome === "error");
  for (const result of failed) process.stdout.write(`${failureBlock(result, paint)}\n\n`);
  process.stdout.write(`${summaryText(report, paint)}\n`);
  for (const problem of problems) process.stderr.write(`packetproof: ${problem}\n`);
  if (options.html !== undefined) process.stdout.write(`report    ${options.html}\n`);
  return failed.length + problems.length > 0 ? exitStatus.failed : exitStatus.passed;
}
