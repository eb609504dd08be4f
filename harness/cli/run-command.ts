import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Capabilities } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { RunEvent } from "../model/event.js";
import { probeBackends } from "../run/backends.js";
import { findScenarios } from "../run/find-scenarios.js";
import { findSystems } from "../run/find-systems.js";
import { removeLeftovers } from "../run/leftovers.js";
import { prepare } from "../run/prepare.js";
import { run, type RunOptions } from "../run/run.js";
import { selectJobs } from "../run/select.js";
import { readSources } from "../run/sources.js";
import { failureBlock, resultLine, summaryText } from "../../reports/terminal.js";
import { recordRun, type RunRecord } from "../../reports/record.js";
import { reportOf } from "../../reports/totals.js";
import { byFile, coverageText, lcovText } from "../../reports/coverage.js";
import { backendName, unavailableLine } from "./backend-option.js";
import type { TracedCases } from "../run/tracer.js";
import { updateScenarios } from "../run/update-scenarios.js";
import { EventFile } from "./event-file.js";
import { exitStatus } from "./exit-status.js";
import { paintFor } from "./paint.js";
import { StatusLine } from "./status-line.js";
import { printDiagnostics } from "./report-error.js";
import { prepareReports, writeReports, type ReportOptions } from "./report-files.js";
import { prepareOutput } from "./write-json.js";

export interface RunCommandOptions extends ReportOptions {
  readonly backend?: readonly string[];
  readonly jobs: number;
  readonly grep?: RegExp;
  readonly seed?: number;
  readonly shard?: { readonly index: number; readonly count: number };
  readonly blob?: string;
  readonly captures?: string;
  readonly repro?: string;
  readonly coverage?: string;
  readonly traces: TracedCases;
  readonly update: boolean;
  readonly port: "af_packet" | "cap";
  readonly verbose: boolean;
}

/** `packetproof run`: returns the exit status. */
export async function runCommand(paths: readonly string[], options: RunCommandOptions): Promise<number> {
  const asked = options.backend?.map(backendName);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  await prepareReports(options);
  const files = await findScenarios(paths);
  const { prepared, diagnostics, texts } = await prepare(files, seed);
  if (diagnostics.length > 0) {
    printDiagnostics(diagnostics, texts);
    return exitStatus.badInput;
  }

  const capabilities = await probeBackends(asked);
  const unavailable = capabilities.filter((c) => c.unavailable !== undefined);
  if (asked && unavailable.length > 0) {
    for (const c of unavailable) process.stderr.write(unavailableLine(c));
    process.stderr.write("packetproof doctor says what would mend it.\n");
    return exitStatus.backendUnavailable;
  }
  const backends = capabilities.filter((c) => c.unavailable === undefined).map((c) => c.backend);
  const { grep, shard } = options;
  const jobs = selectJobs(prepared, { backends, grep, shard });
  // A part may be empty: there are more machines than cases.
  const isEmptyPart = shard && selectJobs(prepared, { backends, grep, shard: undefined }).length > 0;
  if (jobs.length === 0 && !isEmptyPart) throw nothingToRun(options, capabilities);
  for (const line of (await removeLeftovers()).removed)
    process.stderr.write(`packetproof: a killed run had left ${line}: removed\n`);
  const used = new Set(jobs.map(({ plan }) => plan.file));
  const sources = await readSources(new Set(jobs.map(({ plan }) => plan)));
  return report(options, {
    capabilities,
    seed,
    jobs,
    systems: await findSystems([...used]),
    texts: new Map([...[...texts].filter(([file]) => used.has(file)), ...sources]),
  });
}

/** What asks a run to end early, a terminal that is closed included. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function report(
  options: RunCommandOptions,
  work: Pick<RunOptions, "capabilities" | "seed" | "jobs" | "systems" | "texts">,
): Promise<number> {
  const { jobs } = work;
  const paint = paintFor(process.stdout);
  const status = new StatusLine(process.stdout);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  for (const name of endings) process.once(name, interrupt);
  process.stdout.on("error", interrupt);

  const events: RunEvent[] = [];
  let done = 0;
  const { port, shard, traces, jobs: parallel } = options;
  // Archives of failures have their packets, whether or not others' are wanted.
  const forRepros = options.repro === undefined ? undefined : await mkdtemp(join(tmpdir(), "packetproof-captures-"));
  const captures = options.captures ?? forRepros;
  const blob = options.blob === undefined ? undefined : await EventFile.create(options.blob);
  for await (const event of run({
    ...work,
    port,
    captures,
    coverage: options.coverage !== undefined,
    shard,
    traces,
    parallel,
    signal: stop.signal,
  })) {
    events.push(event);
    await blob?.write(event);
    if (event.type !== "result") continue;
    const { result } = event;
    done++;
    const failed = result.outcome === "failed" || result.outcome === "error";
    if (options.verbose || failed || result.outcome === "skipped") status.print(resultLine(result, paint));
    if (failed) status.print(failureBlock(result, paint) + "\n");
    status.show(`${done}/${jobs.length}  ${result.file} › ${result.case} [${result.backend}]`);
  }
  await blob?.close();
  status.clear();
  for (const name of endings) process.off(name, interrupt);

  const record = recordRun(events);
  const folded = reportOf(record);
  await writeReports(record, options);
  process.stdout.write(`${summaryText(folded, paint)}\n`);
  if (options.coverage !== undefined) await reportCoverage(options.coverage, record);
  if (options.update) await update(record);
  if (options.repro !== undefined) await reportRepros(options.repro, record, captures!);
  if (forRepros !== undefined) await rm(forRepros, { recursive: true });
  if (options.html !== undefined) process.stdout.write(`report    ${options.html}\n`);
  if (stop.signal.aborted) {
    process.stdout.write(`interrupted: ${jobs.length - done} cases were not run\n`);
    return exitStatus.failed;
  }
  return folded.totals.failed + folded.totals.error > 0 ? exitStatus.failed : exitStatus.passed;
}

/** The union over all cases, as a file for LCOV and as a summary. */
async function reportCoverage(file: string, { coverage }: RunRecord): Promise<void> {
  const files = byFile(coverage);
  await prepareOutput(file);
  await writeFile(file, lcovText(files));
  process.stdout.write(`${coverageText(files)}\n`);
}

async function reportRepros(folder: string, record: RunRecord, captures: string): Promise<void> {
  const { writeRepros } = await import("./repro.js");
  const { written, omitted } = await writeRepros(folder, record, captures);
  for (const path of written) process.stdout.write(`repro     ${path}\n`);
  if (omitted > 0) process.stdout.write(`repro     ${omitted} more failures have no archive: run them by themselves\n`);
}

async function update({ results }: RunRecord): Promise<void> {
  const { written, refused } = await updateScenarios(results);
  for (const line of refused) process.stdout.write(`${line}\n`);
  for (const { file, values } of written)
    process.stdout.write(`updated   ${file}: ${values} value${values === 1 ? "" : "s"}\n`);
  if (written.length + refused.length === 0) process.stdout.write("updated   nothing: all is as expected\n");
}

function nothingToRun(options: RunCommandOptions, capabilities: readonly Capabilities[]): Error {
  const reasons = capabilities.map((c) => `${c.backend}: ${c.unavailable ?? "no case names it"}`).join("; ");
  const message = options.grep
    ? `no case matches --grep ${String(options.grep)}`
    : `there is nothing to run (${reasons})`;
  return harnessError("usage", message, { hint: "packetproof run PATH --verbose lists the cases that run" });
}
