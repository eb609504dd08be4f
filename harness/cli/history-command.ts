import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { harnessError } from "../model/error.js";
import { historyOf } from "../../reports/history/history.js";
import { renderHistory } from "../../reports/history/page.js";
import { historyText } from "../../reports/history/text.js";
import { recordRun, type RunRecord } from "../../reports/record.js";
import { readEvents } from "./event-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { prepareOutput, writeJson } from "./write-json.js";

export interface HistoryCommandOptions {
  readonly html?: string;
  readonly json?: string;
}

/** `packetproof report history`: looking back is no failure, whatever there is to see. */
export async function historyCommand(paths: readonly string[], options: HistoryCommandOptions): Promise<number> {
  const files = (await Promise.all(paths.map(blobsIn))).flat();
  if (files.length === 0)
    throw harnessError("usage", `there are no .jsonl or .jsonl.gz files in ${paths.join(", ")}`, {
      hint: "packetproof run --blob FILE writes such a file",
    });
  const records: RunRecord[] = [];
  // Evidence is not looked at here, and would fill the memory.
  for (const file of files) records.push(recordRun((await readEvents(file)).map(withoutEvidence)));
  const history = historyOf(records);
  if (options.json !== undefined) await writeJson(options.json, history);
  if (options.html !== undefined) {
    await prepareOutput(options.html);
    await writeFile(options.html, await renderHistory(history));
  }
  process.stdout.write(`${historyText(history, paintFor(process.stdout))}\n`);
  return exitStatus.passed;
}

async function blobsIn(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw harnessError("usage", `there is no file or folder ${path}`);
  if (!info.isDirectory()) return [path];
  return (await readdir(path))
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function withoutEvidence(event: Awaited<ReturnType<typeof readEvents>>[number]): typeof event {
  return event.type === "result" ? { ...event, result: { ...event.result, evidence: undefined } } : event;
}
