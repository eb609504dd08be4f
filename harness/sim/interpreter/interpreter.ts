import { callArea } from "../call.js";
import type { Code, FunctionBody } from "../code.js";
import type { Counters } from "../counters.js";
import { Fault, ProgramFault } from "../fault.js";
import type { Engine, Machine } from "../machine.js";
import type { Registers } from "./alu.js";
import { counted } from "./counted.js";
import { exitStep, prepare, type Step } from "./steps.js";

/** Looks at a program while it runs; the registers are pairs of 32-bit words, r0 first, and must not be changed. */
export type InstructionHook = (slot: number, registers: Registers) => void;

/**
 * The reference engine: each instruction is a small function that says which one is next. Every access
 * is checked, every instruction counted, and a hook can see each one before it runs.
 */
export class Interpreter implements Engine {
  readonly machine: Machine;
  readonly code: Code;
  /** r0 to r10, then a pair of words for every immediate, so that all operands are registers. */
  readonly registers: Registers;
  hook: InstructionHook | undefined;
  /** Of the function that runs now. */
  framePointer = 0;
  readonly #steps: readonly Step[];
  readonly #counters: Counters | undefined;
  readonly #words: Int32Array;
  /** A function of this program is running: what calls one now is a helper. */
  #running = false;

  constructor(machine: Machine, code: Code, counters?: Counters) {
    this.machine = machine;
    this.code = code;
    const { steps, registers } = prepare(code, machine);
    this.#steps = counters ? counted(steps, counters) : steps;
    this.#counters = counters;
    this.registers = registers;
    this.#words = new Int32Array(machine.arena.memory.buffer, 0, 64);
  }

  call(slot: number, framePointer: number): void {
    const body = this.code.functionAt(slot);
    if (!body) throw new Fault(`calls slot ${slot}, where no function begins`);
    const outer = this.#running ? this.registers.slice(0, programRegisters) : undefined;
    const outerFrame = this.framePointer;
    const { registers } = this;
    for (let i = 0; i < areaWords; i++) registers[i] = this.#words[areaIndex + i]!;
    this.#running = true;
    this.#run(body, framePointer);
    this.#words[areaIndex] = registers[0]!;
    this.#words[areaIndex + 1] = registers[1]!;
    if (outer) registers.set(outer);
    else this.#running = false;
    this.framePointer = outerFrame;
  }

  /** A call of one function by another: r0 is the callee's, all other registers are as they were. */
  callFunction(body: FunctionBody): void {
    const inner = this.machine.innerFrame(this.framePointer);
    if (inner === undefined) throw new Fault("nests more than 8 function calls");
    const outer = this.registers.slice(2, programRegisters);
    const outerFrame = this.framePointer;
    this.#run(body, inner);
    this.registers.set(outer, 2);
    this.framePointer = outerFrame;
  }

  /** Puts r1 to r5 where helpers look for them. */
  handOver(): void {
    for (let i = 2; i < areaWords; i++) this.#words[areaIndex + i] = this.registers[i]!;
    this.#words[callArea.framePointer >> 2] = this.framePointer;
  }

  /** Takes r0 from where helpers leave it. */
  takeResult(): void {
    this.registers[0] = this.#words[areaIndex]!;
    this.registers[1] = this.#words[areaIndex + 1]!;
  }

  #run(body: FunctionBody, framePointer: number): void {
    this.machine.openFrame(framePointer, body.stackBytes);
    const counters = this.#counters;
    if (counters) counters.values[counters.map.ofFunction.get(body.first)!]!++;
    // What no instruction has set yet is zero: r0, and r6 to r9.
    const { registers } = this;
    registers[0] = registers[1] = 0;
    for (let i = 12; i < 20; i++) registers[i] = 0;
    this.framePointer = framePointer;
    registers[20] = framePointer;
    registers[21] = 0;
    const steps = this.#steps;
    const words = this.#words;
    let index = body.first;
    try {
      while (index !== exitStep) {
        const step = steps[index]!;
        if (--words[budgetIndex]! < 0) throw new Fault("runs for more instructions than it may");
        this.hook?.(step.slot, registers);
        const { operate, test } = step;
        if (operate) {
          operate(registers, step.d, step.s);
          index++;
        } else if (test) {
          index = test(registers, step.d, step.s) ? step.target : index + 1;
        } else {
          index = step.run(this);
        }
      }
    } catch (error) {
      // Whatever has happened, nothing goes on from here.
      this.#running = false;
      if (!(error instanceof Fault) || error instanceof ProgramFault) throw error;
      const { slot } = steps[index]!;
      counters?.fault(slot);
      throw this.code.faultAt(slot, error.message);
    }
  }
}

/** Words of r0 to r10, and of r0 to r5, which the call area holds, too. */
const programRegisters = 22;
const areaWords = 12;

const areaIndex = callArea.address >> 2;
const budgetIndex = callArea.budget >> 2;
