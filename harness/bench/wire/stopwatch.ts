import { attrOffsets as at, attrSizeBytes, bpfCommands } from "../../kernel/attr.js";
import { BpfMap } from "../../kernel/bpf-map.js";
import { errnos } from "../../kernel/errno.js";
import { addressOf, libc, orThrow } from "../../kernel/libc.js";
import type { LoadedObject } from "../../kernel/loaded-object.js";
import type { RunFolder } from "../../kernel/run-folder.js";
import { harnessError } from "../../model/error.js";
import { loadProgram } from "../load-program.js";
import { shippedObject } from "../shipped-object.js";
import { markOffset, setSlot, slots } from "./marked-frame.js";

/** include/uapi/linux/bpf.h */
const BPF_F_TEST_XDP_LIVE_FRAMES = 2;
/** struct xdp_md, and the places of data_end and ingress_ifindex in it. */
const contextBytes = 24;
const dataEndOffset = 4;
const ingressOffset = 12;

/** Frames of a flood that reach the other end together: a quarter of what veth's ring holds. */
const batchFrames = 64;

/** How long a reply may take before it counts as lost, and how often to look before the thread sleeps instead. */
const lostAfterMs = 50;
const busyLooks = 100;

/**
 * Sends marked frames and takes their time, both in the kernel (bpf/bench/bench_probe.bpf.c). Frames are sent by live test runs,
 * so they arrive as a driver's do: in a page, without an skb, which whoever wants one has to make.
 */
export class Stopwatch {
  readonly #loaded: LoadedObject;
  readonly #took: BpfMap;
  readonly #returned: BpfMap;
  readonly #attr = new Uint8Array(attrSizeBytes);
  readonly #view = new DataView(this.#attr.buffer);
  readonly #context = new Uint8Array(contextBytes);
  readonly #frame: Uint8Array;
  readonly #firstKey = new Uint8Array(4);

  /** The frame that all are copies of, but for the slot. */
  constructor(frame: Uint8Array, folder: RunFolder) {
    this.#frame = frame;
    const object = shippedObject("bench_probe");
    this.#loaded = loadProgram(
      {
        object,
        entry: "xdp_probe_send",
        hook: "xdp",
        also: ["xdp_probe_receive"],
        globals: { headers: frame.subarray(0, markOffset) },
      },
      folder,
    );
    const mapOf = (name: string): BpfMap =>
      new BpfMap(
        object.maps.find((map) => map.name === name)!,
        this.#loaded.mapFdOf(name),
      );
    this.#took = mapOf("took_ns");
    this.#returned = mapOf("returned");
  }

  /** What belongs at the client's interfaces, by native XDP. */
  get receiverFd(): number {
    return this.#loaded.programFdOf("xdp_probe_receive");
  }

  /** By which interface to send from now on: of the namespace that the calling thread is in then. */
  sendBy(ifindex: number): void {
    const view = this.#view;
    const context = new DataView(this.#context.buffer);
    context.setUint32(dataEndOffset, this.#frame.length, true);
    context.setUint32(ingressOffset, ifindex, true);
    this.#attr.fill(0);
    view.setUint32(at["test.prog_fd"], this.#loaded.programFd, true);
    view.setUint32(at["test.data_size_in"], this.#frame.length, true);
    view.setBigUint64(at["test.data_in"], addressOf(this.#frame), true);
    view.setUint32(at["test.ctx_size_in"], contextBytes, true);
    view.setBigUint64(at["test.ctx_in"], addressOf(this.#context), true);
    view.setUint32(at["test.flags"], BPF_F_TEST_XDP_LIVE_FRAMES, true);
  }

  /**
   * Sends the frame so often, as fast as it goes. Nanoseconds a frame by the kernel's clock, which is stopped while the
   * kernel lets others run; what software interrupts do with the frames, on this CPU, is in it.
   */
  flood(frames: number): number {
    this.#send(frames, batchFrames);
    return this.#view.getUint32(at["test.duration"], true);
  }

  /**
   * One frame after the other, each when the one before has come back or is lost, and none after so long; nanoseconds
   * of those that came back.
   */
  pingPong(frames: number, mostMs = Number.POSITIVE_INFINITY): readonly number[] {
    if (frames > slots) throw harnessError("internal", `${frames} frames at a time, and ${slots} slots`);
    const stopAt = performance.now() + mostMs;
    let slot = 0;
    for (; slot < frames && performance.now() < stopAt; slot++) {
      const before = this.returned();
      setSlot(this.#frame, slot);
      this.#send(1, 1);
      this.#waitForMoreThan(before);
    }
    return this.#times(slot);
  }

  /** Frames that have come back since the start. */
  returned(): number {
    const value = this.#returned.lookup(this.#firstKey)!;
    return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true));
  }

  close(): void {
    this.#loaded.close();
  }

  #send(frames: number, batch: number): void {
    this.#view.setUint32(at["test.repeat"], frames, true);
    this.#view.setUint32(at["test.batch_size"], batch, true);
    for (;;) {
      const result = libc().bpf(bpfCommands.BPF_PROG_TEST_RUN, this.#attr, attrSizeBytes);
      if (result === -errnos.EINTR) continue;
      orThrow(result, "sending frames by a live test run (Linux 5.18)", undefined, "unsupported");
      return;
    }
  }

  /** What is handled in the kernel has come back already; a process has to be woken up first. */
  #waitForMoreThan(before: number): void {
    let giveUpAt: number | undefined;
    for (let looks = 0; this.returned() === before; looks++) {
      if (looks < busyLooks) continue;
      giveUpAt ??= performance.now() + lostAfterMs;
      if (performance.now() > giveUpAt) return;
      libc().poll(new Uint8Array(0), 0, 1);
    }
  }

  #times(frames: number): readonly number[] {
    const times: number[] = [];
    for (const { key, value } of this.#took.entries()) {
      const slot = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
      const ns = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true));
      if (slot < frames && ns > 0) times.push(ns);
    }
    return times;
  }
}
