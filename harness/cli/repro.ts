import { readFile, writeFile } from "node:fs/promises";
import type { CaseResult } from "../model/outcome.js";
import { captureFile } from "../run/case-capture.js";
import { selfContained } from "../run/self-contained.js";
import { zip, type ArchivedFile } from "../run/zip.js";
import { renderHtml } from "../../reports/html/page.js";
import { caseKey, type RunRecord } from "../../reports/record.js";
import { failureBlock, noColour } from "../../reports/terminal.js";
import { prepareOutput } from "./write-json.js";

/** Failures beyond those are left out: who has that many looks at a few of them first. */
const mostBundles = 20;

/**
 * Writes an archive for each case that failed, with all that somebody else needs to see it fail: the scenario, the
 * objects that were run, the packets as pcapng, a report of the case, and the command.
 *
 * @param captures where the run saved packets.
 * @returns the archives' paths, and how many failures are left out.
 */
export async function writeRepros(
  folder: string,
  record: RunRecord,
  captures: string,
): Promise<{ readonly written: readonly string[]; readonly omitted: number }> {
  const failed = record.results.filter(({ outcome }) => outcome === "failed");
  const written: string[] = [];
  for (const result of failed.slice(0, mostBundles)) {
    const path = captureFile(folder, result, "zip");
    const capture = await readFile(captureFile(captures, result)).catch(() => undefined);
    const files: ArchivedFile[] = [
      { path: "README.md", bytes: Buffer.from(readme(result, record)) },
      ...(await selfContained(result.file)),
      ...(capture ? [{ path: "packets.pcapng", bytes: capture }] : []),
      { path: "report.html", bytes: Buffer.from(await renderHtml(only(result, record))) },
    ];
    await prepareOutput(path);
    await writeFile(path, zip(files));
    written.push(path);
  }
  return { written, omitted: failed.length - written.length };
}

/** The record as if this case had been the only one; other backends' results of it are told, too. */
function only(result: CaseResult, record: RunRecord): RunRecord {
  const key = caseKey(result);
  const one = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> => new Map([...map].filter(([k]) => k === key));
  return {
    ...record,
    results: record.results.filter((each) => caseKey(each) === key),
    cases: one(record.cases),
    traces: one(record.traces),
    coverage: [],
  };
}

function readme(result: CaseResult, { start }: RunRecord): string {
  const { kernel, platform, libbpf, node, packetproof } = start.environment;
  const options = result.replay.slice(result.replay.indexOf(" --grep "));
  return [
    `# ${result.case}`,
    "",
    "```sh",
    `npx packetproof run scenario.yml${options}`,
    "```",
    "",
    `It failed on ${start.startedAt.slice(0, 10)} on ${platform} ${kernel} (packetproof ${packetproof}, libbpf ${libbpf ?? "none"}, Node ${node}):`,
    "",
    "```text",
    failureBlock(result, noColour),
    "```",
    "",
    "`files/` has the objects and captures that the scenario names; `packets.pcapng` what went in and came out, with",
    "verdicts as comments; `report.html` the case as the report shows it.",
    "",
  ].join("\n");
}
