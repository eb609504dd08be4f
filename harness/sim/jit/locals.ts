import { i32, i64 } from "./wasm.js";

/** A BPF function as a WebAssembly function: r1 to r5 and the frame pointer in, r0 out. */
export const parameters = [i64, i64, i64, i64, i64, i64] as const;

/** Types of the locals behind the parameters, in the order of `local`. */
export const localTypes = [i64, i64, i64, i64, i64, i64, i64, i32, i32, i32, i32, i32] as const;

/** Locals of every function beside the registers. */
export const local = {
  framePointer: 5,
  /** 64-bit: the base of the access at hand, and a value on the way. */
  address: 11,
  temporary: 12,
  /** 32-bit: slot of the access at hand, lowest address of the frame, instructions left, block to dispatch to, 4 where a counted jump is taken. */
  slot: 13,
  frame: 14,
  budget: 15,
  label: 16,
  condition: 17,
} as const;

/** Of r0 to r10. */
export const registerLocals = [6, 0, 1, 2, 3, 4, 7, 8, 9, 10, local.framePointer] as const;
