import { parentPort, workerData } from "node:worker_threads";
import { pinTo } from "../../wire/cpu.js";
import { TestRunTimer } from "../test-run-timer.js";

/** A thread that runs a program on a CPU of its own, when it is told to. */

export interface ContentionData {
  readonly programFd: number;
  readonly cpu: number;
}

const { programFd, cpu } = workerData as ContentionData;
pinTo(cpu);
const timer = new TestRunTimer(programFd, { data: new Uint8Array(64), context: undefined });
parentPort!.on("message", (runs: number) => parentPort!.postMessage(timer.run(runs)));
