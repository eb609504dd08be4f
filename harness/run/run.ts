import { randomBytes } from "node:crypto";
import type { BackendName, Capabilities, Session, SessionOptions } from "../model/backend.js";
import { eventSchemaVersion, type RunEvent } from "../model/event.js";
import type { CaseResult } from "../model/outcome.js";
import { loadBackend } from "./backends.js";
import { describeCase } from "../evidence/describe-case.js";
import type { System } from "../model/system.js";
import { describeEnvironment } from "./environment.js";
import { runJob } from "./run-job.js";
import { byCase, compared } from "./by-case.js";
import { caseKey } from "./case-key.js";
import type { Job } from "./select.js";
import { Tracer, type TracedCases } from "./tracer.js";
import { runInWorkers } from "./workers.js";

export interface RunOptions {
  readonly jobs: readonly Job[];
  readonly capabilities: readonly Capabilities[];
  readonly seed: number;
  readonly port: "af_packet" | "cap";
  /** Cases at the same time, each in a process of its own. */
  readonly parallel: number;
  /** Where every case's packets go as pcapng; undefined = nowhere. */
  readonly captures?: string | undefined;
  /** Count what programs execute, where a backend can. */
  readonly coverage?: boolean;
  readonly signal: AbortSignal;
  /** Which part of the cases `jobs` are; undefined = all. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  readonly systems?: readonly System[];
  /** Which cases are run once more in the simulator for a trace of their packets; undefined = none. */
  readonly traces?: TracedCases | undefined;
  /** Texts of the files that results point into, by path. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** Runs jobs as a stream of events; reports are functions of this stream. Ends early, and cleans up, when `signal` says so. */
export async function* run(options: RunOptions): AsyncGenerator<RunEvent> {
  const startedNs = process.hrtime.bigint();
  const startedAt = new Date().toISOString();
  const environment = await describeEnvironment(options.capabilities);
  const { seed, jobs, shard, systems = [], texts = new Map<string, string>() } = options;
  const total = jobs.length;
  yield { type: "start", schemaVersion: eventSchemaVersion, environment, seed, total, startedAt, shard, systems };
  for (const [path, text] of texts) yield { type: "file", path, text };
  const results = options.parallel > 1 && jobs.length > 1 ? runInWorkers(options) : runHere(options);
  const tracer = new Tracer(new Map(jobs.map(({ plan }) => [caseKey(plan.file, plan.caseName), plan])), options.traces);
  for await (const { plan, results: ofCase } of byCase(jobs, results)) {
    yield { type: "case", description: describeCase(plan) };
    for (const { coverage = [], ...result } of compared(plan, ofCase)) {
      yield { type: "result", result };
      if (coverage.length > 0) yield { type: "coverage", functions: coverage };
      for (const trace of tracer.tracesFor(result)) yield { type: "trace", trace };
    }
  }
  yield { type: "end", durationMs: Number((process.hrtime.bigint() - startedNs) / 1_000_000n) };
}

/** One job after the other in this process, with one session a backend. */
export async function* runHere(
  options: Pick<RunOptions, "jobs" | "port" | "captures" | "signal" | "coverage">,
): AsyncGenerator<CaseResult> {
  const sessions = new Sessions(options);
  try {
    for (const job of options.jobs) {
      const result = await runJob(job, await sessions.get(job.backend), options);
      // What was interrupted is neither passed nor failed.
      if (options.signal.aborted) return;
      yield result;
    }
  } finally {
    await sessions.close();
  }
}

/** Sessions are opened when first needed and all closed at the end, whatever happened in between. */
export class Sessions {
  private readonly options: Omit<SessionOptions, "runId">;
  private readonly open = new Map<BackendName, Session>();

  constructor(options: Omit<SessionOptions, "runId">) {
    this.options = options;
  }

  async get(name: BackendName): Promise<Session> {
    const known = this.open.get(name);
    if (known) return known;
    const backend = await loadBackend(name);
    const runId = randomBytes(3).toString("hex");
    const session = await backend.open({ ...this.options, runId });
    this.open.set(name, session);
    return session;
  }

  async close(): Promise<void> {
    for (const session of [...this.open.values()].reverse()) await session.close();
  }
}
