import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { harnessError } from "../../model/error.js";
import { sameBytes } from "../../model/hex.js";
import { formatPlace, type Place } from "../../model/topology.js";
import type { Network } from "../../../netns/network.js";
import type { CapReply, CapRequest } from "./cap-protocol.js";
import { PacketSocket } from "./packet-socket.js";
import type { CapturedFrame, FramePort } from "./port.js";

/** Whether the optional package `cap` is installed; it is loaded in child processes only. */
export function isCapInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve("cap");
    return true;
  } catch {
    return false;
  }
}

/** A frame port on libpcap, by the `cap` package in a child process: no timestamps, and losses are not told. */
export class CapPort implements FramePort {
  readonly place: Place;
  readonly #child: ChildProcess;
  readonly #arrived: CapturedFrame[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #sends = new Map<number, { resolve: () => void; reject: (failure: unknown) => void }>();
  #nextSend = 0;
  #failure: Error | undefined;

  private constructor(place: Place, child: ChildProcess) {
    this.place = place;
    this.#child = child;
  }

  static async open(network: Network, place: Place): Promise<CapPort> {
    if (!isCapInstalled())
      throw harnessError("tool", "the package cap is not installed", {
        hint: "apt-get install libpcap-dev g++ make && npm install cap; or use --port af_packet",
      });
    const script = fileURLToPath(new URL("./cap-child.js", import.meta.url));
    // Child processes stay in the namespace that they were started in. libpcap's warnings go nowhere.
    const child = network.inside(place.host, () =>
      fork(script, [], { serialization: "advanced", stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [] }),
    );
    const port = new CapPort(place, child);
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(port.#failure ?? new Error("cap's process has ended"));
      child.once("exit", fail);
      child.on("message", (reply: CapReply) => {
        if (reply.type === "opened") {
          child.off("exit", fail);
          resolve();
        } else if (reply.type === "failed") fail();
      });
      child.on("message", (reply: CapReply) => port.#take(reply));
      child.on("exit", () =>
        port.#fail(`libpcap's process at ${formatPlace(place)} has ended: is the interface down?`),
      );
      child.send({ type: "open", dev: place.dev } satisfies CapRequest);
    });
    await prime(network, place);
    return port;
  }

  async send(frames: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) throw this.#failure;
    const id = this.#nextSend++;
    await new Promise<void>((resolve, reject) => {
      this.#sends.set(id, { resolve, reject });
      this.#child.send({ type: "send", id, frames } satisfies CapRequest);
    });
  }

  async receive(): Promise<readonly CapturedFrame[]> {
    // Lets messages in that are there already.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#arrived.splice(0);
  }

  async wait(timeoutMs: number): Promise<boolean> {
    if (this.#arrived.length > 0) return true;
    let wake: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#waiting.add(resolve);
      setTimeout(resolve, timeoutMs);
    });
    if (wake) this.#waiting.delete(wake);
    return this.#arrived.length > 0;
  }

  lost(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #take(reply: CapReply): void {
    switch (reply.type) {
      case "frames":
        for (const bytes of reply.frames)
          if (!sameBytes(bytes, primer)) this.#arrived.push({ place: this.place, bytes, timestampNs: undefined });
        for (const wake of this.#waiting) wake();
        return;
      case "sent":
        this.#sends.get(reply.id)?.resolve();
        this.#sends.delete(reply.id);
        return;
      case "failed":
        this.#fail(`libpcap at ${formatPlace(this.place)}: ${reply.message}`);
        return;
      case "opened":
        return;
    }
  }

  #fail(message: string): void {
    this.#failure ??= harnessError("io", message);
    for (const { reject } of this.#sends.values()) reject(this.#failure);
    this.#sends.clear();
  }
}

/** Of the Local Experimental Ethertype: nobody answers it. */
const primer = Uint8Array.from({ length: 60 }, (_, i) => (i < 12 ? 2 : ([0x88, 0xb5][i - 12] ?? 0)));

/**
 * libpcap filters the first frame after opening by itself and not in the kernel (blocks_to_filter_in_userland in
 * pcap-linux.c), and cannot tell its direction there: it would lose the first frame. So that is one of ours.
 */
async function prime(network: Network, place: Place): Promise<void> {
  const peer = network.peer(place);
  const socket = peer.inside(() => new PacketSocket({ ifindex: peer.ifindex, capture: undefined }));
  await socket.send([primer]);
  await socket.close();
}
