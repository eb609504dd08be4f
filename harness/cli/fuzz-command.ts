import { HarnessError } from "../model/error.js";
import { Campaign, type Finding } from "../fuzz/campaign.js";
import { readCorpus, writeCorpus } from "../fuzz/corpus-folder.js";
import { findingText } from "../fuzz/finding-text.js";
import type { Peer } from "../fuzz/laboratory.js";
import { whyUnsettled } from "../fuzz/peers.js";
import { kernelPeer } from "../fuzz/run-property.js";
import { saveFinding } from "../fuzz/save-finding.js";
import { subjectOf } from "../fuzz/subject.js";
import { probeBackends } from "../run/backends.js";
import { fuzzSubjects, type FuzzSubject } from "../run/fuzz-subjects.js";
import { backendName, unavailableLine } from "./backend-option.js";
import { exitStatus } from "./exit-status.js";
import { printDiagnostics } from "./report-error.js";
import { StatusLine } from "./status-line.js";

export interface FuzzCommandOptions {
  readonly time?: number;
  readonly runs?: number;
  readonly seed?: number;
  readonly backend?: readonly string[];
  readonly save?: string;
  readonly corpus?: string;
  readonly program?: string;
  readonly type?: string;
}

const defaultTimeMs = 60_000;

/** `packetproof fuzz`: returns the exit status. */
export async function fuzzCommand(target: string, options: FuzzCommandOptions): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const { subjects, diagnostics, texts } = await fuzzSubjects(target, seed, options);
  if (diagnostics.length > 0) {
    printDiagnostics(diagnostics, texts);
    return exitStatus.badInput;
  }
  const asked = options.backend?.map(backendName);
  const capabilities = await probeBackends(asked ?? ["sim", "kernel"]);
  const unavailable = capabilities.filter((c) => c.unavailable !== undefined);
  if (asked && unavailable.length > 0) {
    for (const each of unavailable) process.stderr.write(unavailableLine(each));
    return exitStatus.backendUnavailable;
  }
  const withKernel = capabilities.some((c) => c.backend === "kernel" && c.unavailable === undefined);
  return new FuzzRun(target, options, seed).run(subjects, withKernel);
}

/** One campaign for every set-up, which take turns. */
class FuzzRun {
  readonly #status = new StatusLine(process.stdout);
  readonly #options: FuzzCommandOptions;
  readonly #seed: number;
  readonly #command: string;
  readonly #found: { readonly finding: Finding; readonly subject: FuzzSubject }[] = [];

  constructor(target: string, options: FuzzCommandOptions, seed: number) {
    this.#options = options;
    this.#seed = seed;
    this.#command = `npx packetproof fuzz ${target} --seed ${seed}`;
  }

  async run(subjects: readonly FuzzSubject[], withKernel: boolean): Promise<number> {
    const corpus = this.#options.corpus === undefined ? [] : await readCorpus(this.#options.corpus);
    const startMs = performance.now();
    const campaigns: Campaign[] = [];
    for (const subject of subjects) {
      const kernel = withKernel ? await this.#kernelOf(subject) : undefined;
      const onFinding = (finding: Finding): void => this.#report(finding, subject, performance.now() - startMs);
      campaigns.push(new Campaign(subject.plan, subject.step, { seed: this.#seed, kernel, corpus, onFinding }));
    }
    try {
      await this.#search(campaigns, startMs);
      if (this.#options.corpus !== undefined)
        await writeCorpus(
          this.#options.corpus,
          campaigns.flatMap((each) => each.corpus()),
        );
    } finally {
      for (const campaign of campaigns) campaign.close();
    }
    return this.#end(campaigns, performance.now() - startMs);
  }

  async #search(campaigns: readonly Campaign[], startMs: number): Promise<void> {
    const { time, runs } = this.#options;
    const timeMs = time ?? (runs === undefined ? defaultTimeMs : Infinity);
    const interrupted = new AbortController();
    const interrupt = (): void => interrupted.abort();
    process.once("SIGINT", interrupt);
    const executions = (): number => campaigns.reduce((sum, { progress }) => sum + progress.executions, 0);
    for (let turn = 0; !interrupted.signal.aborted; turn++) {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs > timeMs || executions() >= (runs ?? Infinity)) break;
      campaigns[turn % campaigns.length]!.slice();
      this.#status.show(progressText(campaigns, elapsedMs));
      // Signals and the terminal are served between slices.
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.off("SIGINT", interrupt);
    this.#status.clear();
  }

  #report(finding: Finding, subject: FuzzSubject, elapsedMs: number): void {
    this.#found.push({ finding, subject });
    this.#status.print(
      `✗ ${findingText(finding)}\n    after ${(elapsedMs / 1000).toFixed(1)} s\n    again:   ${this.#command}\n`,
    );
  }

  async #end(campaigns: readonly Campaign[], elapsedMs: number): Promise<number> {
    const { save: folder } = this.#options;
    if (folder !== undefined)
      for (const { finding, subject } of this.#found) {
        const { program, twin } = subject;
        const file = await saveFinding(finding, { folder, program, twin, command: this.#command, seed: this.#seed });
        process.stdout.write(`saved ${file}: npx packetproof run ${file}\n`);
      }
    process.stdout.write(`${progressText(campaigns, elapsedMs)}, seed ${this.#seed}\n`);
    if (this.#found.length > 0 && folder === undefined)
      process.stdout.write("--save scenarios/regressions keeps what was found as scenarios.\n");
    return this.#found.length > 0 ? exitStatus.failed : exitStatus.passed;
  }

  /** Undefined, with the reason told, where the kernel's answers cannot be compared. */
  async #kernelOf({ plan, step }: FuzzSubject): Promise<Peer | undefined> {
    const reason = whyUnsettled(plan.object);
    try {
      if (reason === undefined) return await kernelPeer(subjectOf(plan, step));
      process.stdout.write(`without the kernel, whose answers may differ: ${reason}\n`);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      process.stdout.write(`without the kernel: ${error.message}\n`);
    }
    return undefined;
  }
}

function progressText(campaigns: readonly Campaign[], elapsedMs: number): string {
  const all = campaigns.map(({ progress }) => progress);
  const sum = (of: (progress: (typeof all)[number]) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  const executions = sum((each) => each.executions);
  const rate = Math.round((executions / Math.max(1, elapsedMs)) * 1000);
  const edges = `${Math.max(...all.map((each) => each.edges))} of ${Math.max(...all.map((each) => each.allEdges))} edges`;
  const finds = sum((each) => each.findings);
  const seconds = (elapsedMs / 1000).toFixed(0);
  return `${seconds} s  ${executions.toLocaleString("en")} runs  ${rate.toLocaleString("en")}/s  ${edges}  corpus ${sum((each) => each.corpus)}  ${finds} found`;
}
