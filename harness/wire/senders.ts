import type { PlannedSend } from "../model/plan.js";
import type { FramePort } from "./port/port.js";

/** Whatever puts the frames of a `send` step on the wire. */
export interface Senders extends AsyncDisposable {
  /** Resolves when the kernel has taken `count` copies of the frame. */
  send(frame: Uint8Array, count: number): Promise<void>;
}

/** This thread, through the port. */
class OneSender implements Senders {
  readonly #port: FramePort;

  constructor(port: FramePort) {
    this.#port = port;
  }

  send(frame: Uint8Array, count: number): Promise<void> {
    return this.#port.send(new Array<Uint8Array>(count).fill(frame));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export const Senders = {
  start(_step: PlannedSend, port: FramePort): Promise<Senders> {
    return Promise.resolve(new OneSender(port));
  },
};
