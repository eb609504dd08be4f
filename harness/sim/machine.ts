import { type Arena, readable, writable } from "./arena.js";
import { Call, callArea } from "./call.js";
import { frameBytes } from "./code.js";
import { Fault } from "./fault.js";

/** Calls of functions may be nested this deep (MAX_CALL_FRAMES of the kernel). */
export const maxFrames = 8;

/** MAX_TAIL_CALL_CNT of the kernel. */
const maxTailCalls = 33;

/** Addresses of functions: far above all memory, so that they can be called back and not read. */
export const functionAddresses = 0xf000_0000;

/** MAX_BPF_STACK, which no key may exceed. */
const scratchBytes = 512;

/** Nobody may look over the edge of a frame into the next one. */
const frameGapBytes = 64;
export const frameStrideBytes = frameBytes + frameGapBytes;

/** The instructions a program may run unless told otherwise: as many as the kernel's verifier follows. */
export const defaultBudget = 1_000_000;

/** The result is r0: sign-extended if it is negative. */
export type Helper = (call: Call, machine: Machine) => number | bigint;

/** Runs functions of one program on a machine. Both engines are one. */
export interface Engine {
  /**
   * Calls the function that begins at a slot, with r1 to r5 of the call area, and leaves its result in r0.
   *
   * @param framePointer the top of its stack frame, from `Machine`
   * @throws ProgramFault
   */
  call(slot: number, framePointer: number): void;
}

/** Legacy packet loads: what `LD_ABS` and `LD_IND` see. */
export interface PacketLoader {
  /** The big-endian number at an offset; undefined where it lies outside. Offsets are signed 32-bit. */
  load(offset: number, sizeBytes: 1 | 2 | 4): number | undefined;
}

/** What bpf_throw() throws: the whole program ends, however deep its calls are nested. */
export class ThrownCookie extends Error {
  readonly cookie: bigint;

  constructor(cookie: bigint) {
    super(`the program throws ${cookie}`);
    this.cookie = cookie;
  }
}

/** What programs run on: memory, stack, helpers, and the world that a hook has made around them. */
export class Machine {
  readonly arena: Arena;
  readonly arguments: Call;
  /** By number: those that the programs of this machine call. */
  readonly helpers: ReadonlyMap<number, Helper>;
  packet: PacketLoader | undefined;
  /** The program in a slot of a program array, by the three arguments of `bpf_tail_call`. */
  tailCallTarget: ((call: Call) => Engine | undefined) | undefined;
  readonly #words: Int32Array;
  /** The frame pointer of the function that is called deepest. */
  readonly lowestFrame: number;
  /** The frame pointer of a program that is run: nothing above it is stack. */
  readonly entryFrame: number;
  readonly #scratch: number;
  /** The program that runs now, for callbacks that its helpers make. */
  #engine: Engine | undefined;
  #tailCalls = 0;
  /** Stack frames begin as zeroes that may be read, and not as bytes that have to be written first. */
  readonly clearsStack: boolean;

  /** With `tailCalls` the stack has room for as many programs as can be called from each other's functions. */
  constructor(arena: Arena, helpers: ReadonlyMap<number, Helper>, { tailCalls = false, clearsStack = false } = {}) {
    this.arena = arena;
    this.clearsStack = clearsStack;
    this.helpers = helpers;
    this.arguments = new Call(arena);
    this.#words = new Int32Array(arena.memory.buffer, 0, 64);
    this.#scratch = arena.reserve(scratchBytes, 0, "the key");
    const frames = tailCalls ? maxFrames + maxTailCalls * (maxFrames - 1) : maxFrames;
    this.lowestFrame = reserveStack(arena, frames) + frameBytes;
    this.entryFrame = this.lowestFrame + (frames - 1) * frameStrideBytes;
  }

  /** Instructions that are left to run. */
  get budget(): number {
    return this.#words[callArea.budget >> 2]!;
  }

  set budget(instructions: number) {
    this.#words[callArea.budget >> 2] = instructions;
  }

  /** Functions of the program whose entry has that frame pointer may call each other so deep and no deeper. */
  #limitDepth(entryFrame: number): void {
    this.#words[callArea.lowestFrame >> 2] = entryFrame - (maxFrames - 1) * frameStrideBytes;
  }

  /** Runs a program's entry with its context in r1. */
  run(engine: Engine, context: number, budget = defaultBudget): void {
    this.budget = budget;
    this.#limitDepth(this.entryFrame);
    this.#tailCalls = 0;
    this.arguments.set(1, context);
    this.#engine = engine;
    try {
      engine.call(0, this.entryFrame);
    } catch (error) {
      // The kernel's own handler returns what was thrown.
      if (!(error instanceof ThrownCookie)) throw error;
      this.arguments.set(0, error.cookie);
    }
  }

  /**
   * `bpf_tail_call` with the arguments of the call area: where the slot holds a program and not too many were
   * called before, runs it in the caller's place and leaves the result in r0. Returns whether it did.
   */
  tailCall(framePointer: number): boolean {
    const target = this.tailCallTarget?.(this.arguments);
    if (!target || this.#tailCalls >= maxTailCalls) return false;
    this.#tailCalls++;
    const caller = this.#engine;
    const lowestFrame = this.#words[callArea.lowestFrame >> 2]!;
    this.#engine = target;
    this.#limitDepth(framePointer);
    target.call(0, framePointer);
    this.#engine = caller;
    this.#words[callArea.lowestFrame >> 2] = lowestFrame;
    return true;
  }

  /** Calls the helper of a number that the program has made up, with the arguments of the call area. */
  callHelper(number: number): void {
    const helper = this.helpers.get(number);
    if (!helper) throw new Fault(`calls helper #${number}, which is not simulated`);
    this.arguments.set(0, helper(this.arguments, this));
  }

  /** The program that runs now. */
  get running(): Engine {
    if (!this.#engine) throw new Fault("runs no program");
    return this.#engine;
  }

  /** Runs a function of a program by itself, as the kernel does when a timer fires. */
  runFunction(engine: Engine, functionAddress: number, values: readonly number[], budget = defaultBudget): void {
    if (functionAddress < functionAddresses) throw new Fault("calls back what is no function");
    this.budget = budget;
    this.#tailCalls = 0;
    values.forEach((value, i) => this.arguments.set(i + 1, value));
    this.#limitDepth(this.entryFrame);
    this.#engine = engine;
    engine.call(functionAddress - functionAddresses, this.entryFrame);
  }

  /** Calls a function of the running program back from a helper; arguments and result are in the call area. */
  callBack(functionAddress: number): void {
    const inner = this.innerFrame(this.#words[callArea.framePointer >> 2]! >>> 0);
    if (!this.#engine || functionAddress < functionAddresses) throw new Fault("calls back what is no function");
    if (inner === undefined) throw new Fault(`nests more than ${maxFrames} function calls`);
    // The callback may call helpers, too: what they need to know of their caller is kept for this one's sake.
    const outer = this.#words.slice(callArea.framePointer >> 2, (callArea.slot >> 2) + 1);
    this.#engine.call(functionAddress - functionAddresses, inner);
    this.#words.set(outer, callArea.framePointer >> 2);
  }

  /** Address of a copy of some bytes, for a callback to look at; it is good until the next one is made. */
  scratch(bytes: Uint8Array): number {
    this.arena.protect(this.#scratch, scratchBytes, 0);
    this.arena.protect(this.#scratch, bytes.length, readable);
    this.arena.bytes.set(bytes, this.#scratch);
    return this.#scratch;
  }

  /** The frame pointer of a function called from one with that frame pointer; undefined if that is too deep. */
  innerFrame(framePointer: number): number | undefined {
    const inner = framePointer - frameStrideBytes;
    return inner < this.#words[callArea.lowestFrame >> 2]! ? undefined : inner;
  }

  /** Forgets what a frame held. */
  openFrame(framePointer: number, stackBytes: number): void {
    if (this.clearsStack) {
      this.arena.write(framePointer - stackBytes, stackBytes).fill(0);
      return;
    }
    this.arena.protect(framePointer - stackBytes, stackBytes, writable);
  }
}

function reserveStack(arena: Arena, frames: number): number {
  const sizeBytes = frames * frameStrideBytes;
  const describe = (offset: number) => ({
    name: "the stack frame",
    // Between two frames: the closer one.
    start: Math.floor((offset + frameGapBytes / 2) / frameStrideBytes) * frameStrideBytes,
    sizeBytes: frameBytes,
  });
  const bottom = arena.allocate(sizeBytes, 0, describe);
  if (bottom === undefined) throw new RangeError("no room for the stack");
  for (let i = 0; i < frames; i++) arena.protect(bottom + i * frameStrideBytes, frameBytes, readable | writable);
  return bottom;
}
