import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CaseResult } from "../model/outcome.js";
import type { RunOptions } from "./run.js";
import type { Job } from "./select.js";

/** What a worker is told. It prepares the file itself: plans hold regular expressions, which do not cross processes. */
export interface WorkerTask {
  readonly file: string;
  readonly caseName: string;
  readonly backend: Job["backend"];
  readonly seed: number;
  readonly port: RunOptions["port"];
  readonly captures: string | undefined;
  readonly coverage: boolean;
}

/** What a worker is told to end what it is doing early. */
export const interruption = "interrupted";

const workerModule = fileURLToPath(new URL("./worker.js", import.meta.url));

/**
 * Jobs in `parallel` processes at once; results come as they are ready. Processes and not threads:
 * `setns` moves a whole thread, and a crash takes no other case with it.
 */
export async function* runInWorkers(options: RunOptions): AsyncGenerator<CaseResult> {
  const { signal } = options;
  const queue = [...options.jobs];
  const workers = Array.from({ length: Math.min(options.parallel, queue.length) }, () => fork(workerModule));
  const ended = workers.map((worker) => once(worker, "exit"));
  // The next result of each worker that still has one to give.
  const pending = new Map<ChildProcess, Promise<{ worker: ChildProcess; result: CaseResult }>>();

  const assign = (worker: ChildProcess): void => {
    pending.delete(worker);
    const job = signal.aborted ? undefined : queue.shift();
    if (!job) return worker.disconnect();
    pending.set(worker, askWorker(worker, job, options));
  };
  const interrupt = (): void => {
    for (const worker of workers) if (worker.connected) worker.send(interruption);
  };
  signal.addEventListener("abort", interrupt);
  try {
    workers.forEach(assign);
    while (pending.size > 0) {
      const { worker, result } = await Promise.race(pending.values());
      // What was interrupted is neither passed nor failed.
      if (!signal.aborted) yield result;
      assign(worker);
    }
  } finally {
    signal.removeEventListener("abort", interrupt);
    for (const worker of workers) if (worker.connected) worker.disconnect();
    // A worker whose parent has gone closes its sessions and ends by itself.
    await Promise.all(ended);
  }
}

async function askWorker(
  worker: ChildProcess,
  { plan, backend }: Job,
  { seed, port, captures, coverage = false }: RunOptions,
): Promise<{ worker: ChildProcess; result: CaseResult }> {
  const task: WorkerTask = { file: plan.file, caseName: plan.caseName, backend, seed, port, captures, coverage };
  // Both ends are listened to only until one of them has come.
  const settled = new AbortController();
  const { signal } = settled;
  const gone = once(worker, "exit", { signal }).then(([code, killedBy]: unknown[]) => {
    const how = String(killedBy ?? code);
    throw new Error(`the worker process ended (${how}) while it ran ${plan.file} › ${plan.caseName}`);
  });
  const answer = once(worker, "message", { signal }).then(([result]: unknown[]) => ({
    worker,
    result: result as CaseResult,
  }));
  // The loser of the race is aborted, which is no news.
  for (const promise of [gone, answer]) promise.catch(() => undefined);
  worker.send(task);
  try {
    return await Promise.race([answer, gone]);
  } finally {
    settled.abort();
  }
}
