import type { ProgramType } from "../model/hook.js";
import { attrOffsets, attrSizeBytes } from "./attr.js";
import { errnos } from "./errno.js";
import { addressOf } from "./libc.js";
import { testRunError } from "./test-run-error.js";
import { testRunLoop, type TestRunLoop } from "./test-run-loop.js";

/** Runs that one call into native code makes at most; more would only use more cache. */
export const slotCount = 16;

/**
 * The longest packet, in and out: XDP's frags carry 17 pages. Slots are a little further apart, so that they do not
 * all lie on the same lines of the processor's cache.
 */
const dataBytes = 128 * 1024;
const dataStride = dataBytes + 4096 + 64;

/** struct __sk_buff, with 192 bytes, is the largest context. */
const contextBytes = 256;

/** Places of attr's 32-bit fields, counted in words. */
const word = {
  programFd: attrOffsets["test.prog_fd"] / 4,
  returned: attrOffsets["test.retval"] / 4,
  repeat: attrOffsets["test.repeat"] / 4,
  dataSizeIn: attrOffsets["test.data_size_in"] / 4,
  dataSizeOut: attrOffsets["test.data_size_out"] / 4,
  duration: attrOffsets["test.duration"] / 4,
  contextSizeIn: attrOffsets["test.ctx_size_in"] / 4,
  contextSizeOut: attrOffsets["test.ctx_size_out"] / 4,
  flags: attrOffsets["test.flags"] / 4,
};
const wordsPerSlot = attrSizeBytes / 4;

/** What the kernel leaves of `duration` where it did not get to a run. */
const notRun = -1;

/**
 * BPF_PROG_TEST_RUN with attrs and buffers that are kept for as long as the session lives. Runs are lined up in
 * slots and made in one go. The kernel runs the program on a copy of what goes in, so that a packet is fresh every
 * time, also when slots share it; what comes out stays until the next `run`.
 *
 *     select(program) → add(packet) … addAgain() … → run() → returned(0), packetOut(0), …
 */
export class TestRun {
  private readonly attrs = new Uint8Array(slotCount * attrSizeBytes);
  private readonly words = new Int32Array(this.attrs.buffer);
  private readonly view = new DataView(this.attrs.buffer);
  private readonly dataIn = new Uint8Array(slotCount * dataStride);
  private readonly dataOut = new Uint8Array(slotCount * dataStride);
  private readonly contextIn = new Uint8Array(slotCount * contextBytes);
  private readonly contextOut = new Uint8Array(slotCount * contextBytes);
  private readonly loop: TestRunLoop = testRunLoop();
  private type: ProgramType = "xdp";
  /** Runs that are lined up. */
  used = 0;

  /** The program of the next runs; empties the slots. */
  select(programFd: number, type: ProgramType): void {
    this.type = type;
    this.clear();
    for (let slot = 0; slot < slotCount; slot++) {
      this.words[slot * wordsPerSlot + word.programFd] = programFd;
      // The kernel refuses packet buffers for sk_lookup, which decides about connections.
      this.point("test.data_out", slot, type === "sk_lookup" ? undefined : this.dataOut, dataStride);
    }
  }

  clear(): void {
    this.used = 0;
  }

  get full(): boolean {
    return this.used === slotCount;
  }

  /**
   * Lines up a run: with the packet, with the whole context structure where one is to go in and come out, and with
   * flags (BPF_F_TEST_*).
   */
  add(packet: Uint8Array, context?: Uint8Array, flags = 0): void {
    const slot = this.used++;
    const first = slot * wordsPerSlot;
    if (packet.length > dataBytes) throw this.error(errnos.E2BIG, packet.length, context !== undefined);
    this.dataIn.set(packet, slot * dataStride);
    if (context) this.contextIn.set(context, slot * contextBytes);
    this.point("test.data_in", slot, this.type === "sk_lookup" ? undefined : this.dataIn, dataStride);
    this.point("test.ctx_in", slot, context && this.contextIn, contextBytes);
    this.point("test.ctx_out", slot, context && this.contextOut, contextBytes);
    this.words[first + word.dataSizeIn] = packet.length;
    this.words[first + word.contextSizeIn] = context?.length ?? 0;
    this.words[first + word.flags] = flags;
  }

  /** Lines up a run with the same input as the one before. */
  addAgain(): void {
    const { view, words } = this;
    const from = (this.used - 1) * attrSizeBytes;
    const to = this.used++ * attrSizeBytes;
    for (const field of ["test.data_in", "test.ctx_in"] as const)
      view.setBigUint64(to + attrOffsets[field], view.getBigUint64(from + attrOffsets[field], true), true);
    for (const size of [word.dataSizeIn, word.contextSizeIn, word.flags])
      words[to / 4 + size] = words[from / 4 + size]!;
    const context = words[from / 4 + word.contextSizeIn] === 0 ? undefined : this.contextOut;
    this.point("test.ctx_out", to / attrSizeBytes, context, contextBytes);
  }

  /**
   * Makes the runs that are lined up, in order, and keeps them lined up. Where the kernel refuses one, it throws;
   * those before it have been made, those behind it have not.
   */
  run(): void {
    const { words, used } = this;
    const outBytes = this.type === "sk_lookup" ? 0 : dataBytes;
    for (let slot = 0, first = 0; slot < used; slot++, first += wordsPerSlot) {
      words[first + word.dataSizeOut] = outBytes;
      words[first + word.contextSizeOut] = words[first + word.contextSizeIn]!;
      words[first + word.duration] = notRun;
    }
    const result = this.loop(this.attrs, used);
    if (result < 0) throw this.refusal(-result);
  }

  /**
   * What the kernel needs for the first run that is lined up, in nanoseconds: the mean of many, all on one packet, which
   * is as the run before has left it.
   */
  meanNs(runs: number): number {
    this.words[word.repeat] = runs;
    this.run();
    this.words[word.repeat] = 0;
    return this.durationNs(0);
  }

  /** The program's return value, signed. */
  returned(slot: number): number {
    return this.words[slot * wordsPerSlot + word.returned]!;
  }

  /** By the kernel's clock, for the program alone. */
  durationNs(slot: number): number {
    return this.words[slot * wordsPerSlot + word.duration]!;
  }

  /** A view of what came out, until the next run. */
  packetOut(slot: number): Uint8Array {
    const start = slot * dataStride;
    return this.dataOut.subarray(start, start + this.words[slot * wordsPerSlot + word.dataSizeOut]!);
  }

  /** A view of the context after the run, until the next one; empty where none went in. */
  context(slot: number): Uint8Array {
    const start = slot * contextBytes;
    return this.contextOut.subarray(start, start + this.words[slot * wordsPerSlot + word.contextSizeOut]!);
  }

  private refusal(errno: number): Error {
    const { words } = this;
    let slot = 0;
    while (slot < this.used - 1 && words[slot * wordsPerSlot + word.duration] !== notRun) slot++;
    const first = slot * wordsPerSlot;
    return this.error(errno, words[first + word.dataSizeIn]!, words[first + word.contextSizeIn] !== 0);
  }

  private error(errno: number, packetBytes: number, contextGiven: boolean): Error {
    return testRunError(errno, { type: this.type, dataBytes: packetBytes, contextGiven });
  }

  /** Points a slot's field at its part of a buffer. */
  private point(
    field: "test.data_in" | "test.data_out" | "test.ctx_in" | "test.ctx_out",
    slot: number,
    buffer: Uint8Array | undefined,
    strideBytes: number,
  ): void {
    const address = buffer ? addressOf(buffer) + BigInt(slot * strideBytes) : 0n;
    this.view.setBigUint64(slot * attrSizeBytes + attrOffsets[field], address, true);
  }
}
