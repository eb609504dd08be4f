import type { Operand, Register, Width } from "../../isa/instruction.js";
import type { Arena } from "../arena.js";
import { callArea } from "../call.js";
import { registerLocals, local } from "./locals.js";
import { op, Writer } from "./wasm.js";

/** Function indexes of the module's imports, which come first. */
export interface Imports {
  /** (slot, contents of the base register): never returns. */
  readonly memoryFault: number;
  /** (slot): never returns. */
  readonly budgetFault: number;
  /** (slot): never returns. */
  readonly depthFault: number;
  /** (frame pointer) → whether a tail call was made. */
  readonly tailCall: number;
  /** (offset, size) → whether r0 of the call area holds the bytes. */
  readonly loadPacket: number;
  /** (number of a helper): leaves r0 in the call area. */
  readonly callRegister: number;
  readonly helpers: ReadonlyMap<number, number>;
}

/** `i64.const` with a permission of the shadow in every byte. */
const repeated64 = [0n, 1n, 2n, 3n].map(
  (byte) => new Writer().byte(op.i64Const).signed(0x0101_0101_0101_0101n * byte).bytes,
);

/** Writes the instructions of one WebAssembly function; the words of BPF and of our memory. */
export class FunctionWriter extends Writer {
  /** Distance from a byte to its shadow. */
  readonly capacityBytes: number;
  /** See `Arena`. */
  readonly highestBase: number;
  /** Writes the inside of an `if` that jumps out of itself, and its `end`. */
  readonly nested: (write: () => void) => void;

  constructor({ capacityBytes, highestBase }: Arena, nested: (write: () => void) => void) {
    super();
    this.capacityBytes = capacityBytes;
    this.highestBase = highestBase;
    this.nested = nested;
  }

  // Locals, like most constants, have numbers of one byte.
  get(index: number): this {
    return this.byte(op.localGet, index);
  }

  set(index: number): this {
    return this.byte(op.localSet, index);
  }

  tee(index: number): this {
    return this.byte(op.localTee, index);
  }

  const32(value: number): this {
    return this.byte(op.i32Const).signed(value | 0);
  }

  /** A byte in all eight places of a 64-bit number. */
  repeated64(byte: number): this {
    return this.append(repeated64[byte]!);
  }

  const64(value: number | bigint): this {
    return this.byte(op.i64Const).signed(value);
  }

  call(index: number): this {
    return this.byte(op.call).unsigned(index);
  }

  /** A load or store without alignment. */
  memory(opcode: number, offset: number): this {
    return this.byte(opcode, 0).unsigned(offset);
  }

  /** The 64-bit register, or only its lower half. */
  register(register: Register, width: Width = 64): this {
    this.get(registerLocals[register]!);
    return width === 32 ? this.byte(op.i32WrapI64) : this;
  }

  operand(operand: Operand, width: Width): this {
    if (operand.kind === "register") return this.register(operand.register, width);
    return width === 64 ? this.const64(operand.value) : this.const32(operand.value);
  }

  /** Takes the value off the stack; 32-bit results are zero-extended. */
  assign(register: Register, width: Width = 64): this {
    if (width === 32) this.byte(op.i64ExtendI32U);
    return this.set(registerLocals[register]!);
  }

  /** Stores r1 to r5, and what a helper may need of its caller, in the call area. */
  spillArguments(slot: number): this {
    for (let i = 1; i <= 5; i++)
      this.const32(0)
        .register(i)
        .memory(op.i64Store, callArea.address + 8 * i);
    this.const32(0).register(10).memory(op.i64Store32, callArea.framePointer);
    return this.const32(0).const32(slot).memory(op.i32Store, callArea.slot);
  }

  spillBudget(): this {
    return this.const32(0).get(local.budget).memory(op.i32Store, callArea.budget);
  }

  reloadBudget(): this {
    return this.const32(0).memory(op.i32Load, callArea.budget).set(local.budget);
  }

  /** r0 from the call area. */
  loadResult(): this {
    return this.const32(0).memory(op.i64Load, callArea.address).assign(0);
  }

  /** Ends the function with r0. */
  leave(): this {
    return this.spillBudget().register(0).byte(op.return);
  }
}
