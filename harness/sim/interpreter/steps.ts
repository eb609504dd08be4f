import { accessFault } from "../access-fault.js";
import { readable, writable } from "../arena.js";
import { isFunctionAddress, type Code } from "../code.js";
import { Fault } from "../fault.js";
import { functionAddresses, type Machine } from "../machine.js";
import { loadPacketOutside, tailCallHelper } from "../special.js";
import type { AtomicOperation, Instruction, Operand, SizeBytes } from "../../isa/instruction.js";
import { alu32, alu64, negate, signExtend, swapBytes, truncate, type Operation, type Registers } from "./alu.js";
import { conditions32, conditions64, type Test } from "./conditions.js";
import type { Interpreter } from "./interpreter.js";

/** The index after a function's last instruction. */
export const exitStep = -1;

/**
 * An instruction, ready to run. It has exactly one of `operate`, after which the step behind it is next,
 * `test`, which decides between that one and `target`, and `run`, which returns the index of the next.
 */
export interface Step {
  readonly slot: number;
  readonly operate: Operation | undefined;
  readonly test: Test | undefined;
  readonly run: Run;
  /** Indexes of the operands' lower words in the register file. */
  readonly d: number;
  readonly s: number;
  readonly target: number;
}

type Run = (interpreter: Interpreter) => number;

/** The steps of a program by index of instruction, and its registers with the immediates behind them. */
export function prepare(
  code: Code,
  machine: Machine,
): { readonly steps: readonly Step[]; readonly registers: Registers } {
  const pool = new ConstantPool();
  const steps = code.instructions.map(({ slot, instruction }, index) => {
    return new StepBuilder(code, machine, pool, index).build(slot, instruction);
  });
  return { steps, registers: pool.registers() };
}

/** Immediates, at indexes of the register file behind r10. */
class ConstantPool {
  readonly #words: number[] = [];

  /** Index of the lower word. */
  add(low: number, high: number): number {
    this.#words.push(low, high);
    return 22 + this.#words.length - 2;
  }

  registers(): Registers {
    const registers = new Int32Array(22 + this.#words.length);
    registers.set(this.#words, 22);
    return registers;
  }
}

class StepBuilder {
  readonly #code: Code;
  readonly #machine: Machine;
  readonly #pool: ConstantPool;
  readonly #index: number;
  readonly #next: number;

  constructor(code: Code, machine: Machine, pool: ConstantPool, index: number) {
    this.#code = code;
    this.#machine = machine;
    this.#pool = pool;
    this.#index = index;
    this.#next = index + 1;
  }

  build(slot: number, instruction: Instruction): Step {
    const step = { slot, operate: undefined, test: undefined, run: neverRun, d: 0, s: 0, target: 0 };
    if (instruction.kind === "alu") {
      const operate = (instruction.width === 64 ? alu64 : alu32)[instruction.operation];
      return { ...step, operate, d: 2 * instruction.dst, s: this.#operand(instruction.operand) };
    }
    if (instruction.kind === "branch") {
      const test = (instruction.width === 64 ? conditions64 : conditions32)[instruction.condition];
      const target = this.#code.targetOf(this.#index);
      return { ...step, test, d: 2 * instruction.dst, s: this.#operand(instruction.operand), target };
    }
    return { ...step, run: this.#run(instruction) };
  }

  #run(instruction: Exclude<Instruction, { kind: "alu" | "branch" }>): Run {
    const next = this.#next;
    switch (instruction.kind) {
      case "negate": {
        const { width, dst } = instruction;
        return ({ registers }) => (negate[width](registers, 2 * dst), next);
      }
      case "moveSigned":
        return this.#moveSigned(instruction);
      case "byteSwap":
        return this.#byteSwap(instruction);
      case "constant":
        return this.#constant(instruction);
      case "load":
        return this.#load(instruction);
      case "store":
        return this.#store(instruction);
      case "atomic":
        return this.#atomic(instruction);
      case "loadPacket":
        return this.#loadPacket(instruction);
      case "goto": {
        const target = this.#code.targetOf(this.#index);
        return () => target;
      }
      case "mayGoto":
        // The kernel jumps after 8 Mi iterations; the instruction budget is used up long before.
        return () => next;
      case "callFunction": {
        const first = this.#code.targetOf(this.#index);
        const body = this.#code.functionAt(this.#code.instructions[first]!.slot)!;
        return (interpreter) => (interpreter.callFunction(body), next);
      }
      case "callHelper":
        return this.#callHelper(instruction.helper);
      case "callRegister":
        return this.#callRegister(instruction.register);
      case "callKernel":
        throw new RangeError("no code calls kernel functions by number");
      case "exit":
        break;
    }
    return () => exitStep;
  }

  #operand(operand: Operand): number {
    if (operand.kind === "register") return 2 * operand.register;
    return this.#pool.add(operand.value, operand.value >> 31);
  }

  #moveSigned({ width, bits, dst, src }: Instruction & { kind: "moveSigned" }): Run {
    const next = this.#next;
    return ({ registers }) => {
      const low = signExtend(registers[2 * src]!, bits);
      registers[2 * dst] = low;
      registers[2 * dst + 1] = width === 64 ? low >> 31 : 0;
      return next;
    };
  }

  #byteSwap({ to, bits, dst }: Instruction & { kind: "byteSwap" }): Run {
    // The simulated machine is little-endian.
    const operate = to === "little" ? truncate : swapBytes;
    const next = this.#next;
    return ({ registers }) => (operate(registers, 2 * dst, bits), next);
  }

  #constant(instruction: Instruction & { kind: "constant" }): Run {
    const { dst } = instruction;
    const next = this.#next;
    const low = isFunctionAddress(instruction)
      ? functionAddresses + this.#code.instructions[this.#index]!.slot + 1 + instruction.low
      : instruction.low;
    const high = isFunctionAddress(instruction) ? 0 : instruction.high;
    return ({ registers }) => {
      registers[2 * dst] = low;
      registers[2 * dst + 1] = high;
      return next;
    };
  }

  #load(instruction: Instruction & { kind: "load" }): Run {
    const { sizeBytes, signed, dst, base, offset } = instruction;
    const next = this.#next;
    const read = readers[sizeBytes];
    const extend = signed && sizeBytes < 8 ? ((sizeBytes * 8) as 8 | 16 | 32) : undefined;
    return ({ registers, machine: { arena } }) => {
      const address = placeOf(registers, base, offset);
      if (!arena.allowsWord(address, sizeBytes, readable)) throw accessFault(arena, instruction, address);
      read(arena.view, address, registers, 2 * dst);
      if (extend !== undefined) {
        registers[2 * dst] = signExtend(registers[2 * dst]!, extend);
        registers[2 * dst + 1] = registers[2 * dst]! >> 31;
      }
      return next;
    };
  }

  #store(instruction: Instruction & { kind: "store" }): Run {
    const { sizeBytes, base, offset, operand } = instruction;
    const next = this.#next;
    const write = writers[sizeBytes];
    const s = this.#operand(operand);
    return ({ registers, machine: { arena } }) => {
      const address = placeOf(registers, base, offset);
      // Almost always all of it may be read already. Else it is a first write to the stack, or forbidden.
      if (!arena.allowsWord(address, sizeBytes, readable | writable)) {
        if (!arena.allowsWord(address, sizeBytes, writable)) throw accessFault(arena, instruction, address);
        arena.protect(address, sizeBytes, readable | writable);
      }
      write(arena.view, address, registers, s);
      return next;
    };
  }

  #atomic(instruction: Instruction & { kind: "atomic" }): Run {
    const { operation, sizeBytes, base, offset, src } = instruction;
    if (operation === "loadAcquire") {
      return this.#load({ kind: "load", sizeBytes, signed: false, dst: src, base, offset });
    }
    if (operation === "storeRelease") {
      const operand: Operand = { kind: "register", register: src };
      return this.#store({ kind: "store", sizeBytes, base, offset, operand });
    }
    const next = this.#next;
    const update = this.#update(operation, sizeBytes === 8 ? 8 : 4);
    const fetched = operation === "cmpxchg" ? 0 : instruction.fetch ? 2 * src : undefined;
    const before = new Int32Array(2);
    return ({ registers, machine: { arena } }) => {
      const address = placeOf(registers, base, offset);
      if (!arena.allowsWord(address, sizeBytes, readable | writable)) throw accessFault(arena, instruction, address);
      readers[sizeBytes](arena.view, address, before, 0);
      update(arena.view, address, registers, 2 * src, before);
      if (fetched !== undefined) registers.set(before, fetched);
      return next;
    };
  }

  #update(operation: Exclude<AtomicOperation, "loadAcquire" | "storeRelease">, sizeBytes: 4 | 8) {
    const write = writers[sizeBytes];
    if (operation === "xchg") return (view: DataView, at: number, r: Registers, s: number) => write(view, at, r, s);
    const test = (sizeBytes === 8 ? conditions64 : conditions32).eq;
    if (operation === "cmpxchg")
      return (view: DataView, at: number, r: Registers, s: number, before: Registers) => {
        compared.set(before);
        compared.set(r.subarray(0, 2), 2);
        if (test(compared, 0, 2)) write(view, at, r, s);
      };
    const operate = (sizeBytes === 8 ? alu64 : alu32)[operation];
    return (view: DataView, at: number, r: Registers, s: number, before: Registers) => {
      compared.set(before);
      compared.set(r.subarray(s, s + 2), 2);
      operate(compared, 0, 2);
      write(view, at, compared, 0);
    };
  }

  #loadPacket({ sizeBytes, index, offset }: Instruction & { kind: "loadPacket" }): Run {
    const next = this.#next;
    const machine = this.#machine;
    return ({ registers }) => {
      const at = index === undefined ? offset : (registers[2 * index]! + offset) | 0;
      const value = machine.packet?.load(at, sizeBytes);
      registers[0] = value ?? loadPacketOutside;
      registers[1] = 0;
      return value === undefined ? exitStep : next;
    };
  }

  #callRegister(register: number): Run {
    const next = this.#next;
    const machine = this.#machine;
    return (interpreter) => {
      interpreter.handOver();
      machine.callHelper(interpreter.registers[2 * register]! >>> 0);
      interpreter.takeResult();
      return next;
    };
  }

  #callHelper(number: number): Run {
    const next = this.#next;
    const machine = this.#machine;
    if (number === tailCallHelper)
      return (interpreter) => {
        interpreter.handOver();
        if (!machine.tailCall(interpreter.framePointer)) return next;
        interpreter.takeResult();
        return exitStep;
      };
    const helper = machine.helpers.get(number);
    if (!helper) throw new Fault(`helper #${number} is not simulated`);
    return (interpreter) => {
      interpreter.handOver();
      machine.arguments.set(0, helper(machine.arguments, machine));
      interpreter.takeResult();
      return next;
    };
  }
}

/** Of steps that operate or test. */
const neverRun: Run = () => exitStep;

/** Both operands of an atomic operation. */
const compared = new Int32Array(4);

/** The sum of a register and an offset; beyond 2^53 it is not exact, but then it is no address anyway. */
function placeOf(registers: Registers, base: number, offset: number): number {
  return registers[2 * base + 1]! * 2 ** 32 + (registers[2 * base]! >>> 0) + offset;
}

type Transfer = (view: DataView, address: number, registers: Registers, at: number) => void;

const readers: Readonly<Record<SizeBytes, Transfer>> = {
  1: (view, address, r, at) => pair(r, at, view.getUint8(address)),
  2: (view, address, r, at) => pair(r, at, view.getUint16(address, true)),
  4: (view, address, r, at) => pair(r, at, view.getInt32(address, true)),
  8: (view, address, r, at) => pair(r, at, view.getInt32(address, true), view.getInt32(address + 4, true)),
};

function pair(registers: Registers, at: number, low: number, high = 0): void {
  registers[at] = low;
  registers[at + 1] = high;
}

const writers: Readonly<Record<SizeBytes, Transfer>> = {
  1: (view, address, r, at) => view.setInt8(address, r[at]!),
  2: (view, address, r, at) => view.setInt16(address, r[at]!, true),
  4: (view, address, r, at) => view.setInt32(address, r[at]!, true),
  8: (view, address, r, at) => {
    view.setInt32(address, r[at]!, true);
    view.setInt32(address + 4, r[at + 1]!, true);
  },
};
