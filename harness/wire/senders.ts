import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { harnessError } from "../model/error.js";
import type { PlannedSend } from "../model/plan.js";
import type { Network } from "../../netns/network.js";
import { allowedCpus } from "./cpu.js";
import { PacketSocket } from "./port/packet-socket.js";
import type { FramePort } from "./port/port.js";
import type { SenderData, SendReply, SendRequest } from "./sender-thread.js";

/** Whatever puts the frames of a `send` step on the wire. */
export interface Senders {
  /** Resolves when the kernel has taken `count` copies of the frame. */
  send(frame: Uint8Array, count: number): Promise<void>;
  close(): Promise<void>;
}

/** This thread through the port, or as many threads as the step asks for. */
export async function startSenders(step: PlannedSend, network: Network, port: FramePort): Promise<Senders> {
  // With something going on meanwhile, this thread is not free to send.
  if (step.senders > 1 || step.meanwhile) return ThreadSenders.start(step, network);
  return {
    send: (frame, count) => port.send(new Array<Uint8Array>(count).fill(frame)),
    close: () => Promise.resolve(),
  };
}

/** Above this, more threads than a machine has CPUs show nothing new. */
const mostSenders = 64;

/** Threads with a socket and, in turn, a CPU each, which send at the same time. */
class ThreadSenders implements Senders {
  readonly #sockets: readonly PacketSocket[];
  readonly #workers: readonly Worker[];

  private constructor(sockets: readonly PacketSocket[], workers: readonly Worker[]) {
    this.#sockets = sockets;
    this.#workers = workers;
  }

  static async start(step: PlannedSend, network: Network): Promise<ThreadSenders> {
    if (step.senders > mostSenders)
      throw harnessError("scenario", `${step.senders} senders are more than ${mostSenders}`, { span: step.span });
    const ifindex = network.ifindex(step.from);
    const cpus = allowedCpus();
    const sockets = network.inside(step.from.host, () =>
      Array.from({ length: step.senders }, () => new PacketSocket({ ifindex, capture: undefined })),
    );
    const workers = sockets.map(({ fd }, i) => {
      const workerData: SenderData = { fd, cpu: cpus[i % cpus.length]! };
      return new Worker(new URL("./sender-thread.js", import.meta.url), { workerData });
    });
    await Promise.all(workers.map((worker) => once(worker, "online")));
    return new ThreadSenders(sockets, workers);
  }

  async send(frame: Uint8Array, count: number): Promise<void> {
    const senders = this.#workers.length;
    await Promise.all(
      this.#workers.map(async (worker, i) => {
        const share = Math.floor((count + i) / senders);
        if (share === 0) return;
        const replied = once(worker, "message") as Promise<[SendReply]>;
        worker.postMessage({ frame, count: share } satisfies SendRequest);
        const [failure] = await replied;
        if (failure !== undefined) throw harnessError("io", failure);
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }
}
