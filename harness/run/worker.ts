import type { CaseResult } from "../model/outcome.js";
import { prepare, type Preparation } from "./prepare.js";
import { Sessions } from "./run.js";
import { runJob } from "./run-job.js";
import { interruption, type WorkerTask } from "./workers.js";

/** A worker process of `--jobs`: one task at a time over IPC; ends when its parent disconnects. */

const stop = new AbortController();
const preparations = new Map<string, Promise<Preparation>>();
let sessions: Sessions | undefined;
let running: Promise<void> = Promise.resolve();

process.on("message", (task: WorkerTask | typeof interruption) => {
  if (task === interruption) stop.abort();
  else running = answer(task);
});

process.on("disconnect", () => {
  stop.abort();
  void running.then(() => sessions?.close());
});

// The parent handles these, which a terminal sends to the whole group, and then says so.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => undefined);

async function answer(task: WorkerTask): Promise<void> {
  const result = await runTask(task);
  if (process.connected) process.send?.(result);
}

async function runTask({ file, caseName, backend, seed, port, captures, coverage }: WorkerTask): Promise<CaseResult> {
  let preparation = preparations.get(file);
  if (!preparation) {
    preparation = prepare([file], seed);
    preparations.set(file, preparation);
  }
  const plan = (await preparation).prepared[0]?.plans.find((p) => p.caseName === caseName);
  if (!plan) throw new Error(`${file} has changed during the run: there is no case '${caseName}' any more`);
  sessions ??= new Sessions({ port, signal: stop.signal, coverage });
  return runJob({ plan, backend }, await sessions.get(backend), { captures });
}
