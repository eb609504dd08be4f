import { parentPort, workerData } from "node:worker_threads";
import { pinTo } from "./cpu.js";
import { sendAll } from "./port/packet-socket.js";

/** A thread that sends on a socket of its own, on a CPU of its own. */

export interface SenderData {
  readonly fd: number;
  readonly cpu: number;
}

export interface SendRequest {
  readonly frame: Uint8Array;
  readonly count: number;
}

/** Undefined: the kernel has taken all frames; else what went wrong. */
export type SendReply = string | undefined;

const { fd, cpu } = workerData as SenderData;
pinTo(cpu);

parentPort!.on("message", ({ frame, count }: SendRequest) => {
  sendAll(fd, new Array<Uint8Array>(count).fill(frame)).then(
    () => parentPort!.postMessage(undefined satisfies SendReply),
    (failure: unknown) => parentPort!.postMessage(String(failure) satisfies SendReply),
  );
});
