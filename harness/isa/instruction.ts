/** Number of a register: r0 holds results, r1 to r5 arguments, r10 is the read-only frame pointer (RFC 9669 §2). */
export type Register = number;

/** Bits that an operation works on; 32-bit results are zero-extended to 64 (RFC 9669 §4.1). */
export type Width = 32 | 64;

export type SizeBytes = 1 | 2 | 4 | 8;

/** Second operand: a register, or a 32-bit immediate that 64-bit operations sign-extend. */
export type Operand =
  { readonly kind: "register"; readonly register: Register } | { readonly kind: "immediate"; readonly value: number };

/** Operations of two operands, by the names of RFC 9669 §4.1; `sdiv` and `smod` are signed. */
export type AluOperation =
  "add" | "sub" | "mul" | "div" | "sdiv" | "or" | "and" | "lsh" | "rsh" | "mod" | "smod" | "xor" | "mov" | "arsh";

/** Conditions of RFC 9669 §4.3 without the J: `set` is "any common bit", an `s` makes a comparison signed. */
export type Condition = "eq" | "gt" | "ge" | "set" | "ne" | "sgt" | "sge" | "lt" | "le" | "slt" | "sle";

/** RFC 9669 §5.3, and the kernel's load-acquire and store-release (Linux 6.15). */
export type AtomicOperation = "add" | "or" | "and" | "xor" | "xchg" | "cmpxchg" | "loadAcquire" | "storeRelease";

/** What the 64-bit immediate of `constant` means (RFC 9669 §5.4), by number of the source field. */
export const constantKinds = ["value", "map", "mapValue", "variable", "function", "mapIndex", "mapIndexValue"] as const;
export type ConstantKind = (typeof constantKinds)[number];

/** One BPF instruction. Distances count 8-byte slots from the slot after the instruction. */
export type Instruction =
  | {
      readonly kind: "alu";
      readonly width: Width;
      readonly operation: AluOperation;
      readonly dst: Register;
      readonly operand: Operand;
    }
  | { readonly kind: "negate"; readonly width: Width; readonly dst: Register }
  /** A move that sign-extends the low bits of `src` to the width. */
  | {
      readonly kind: "moveSigned";
      readonly width: Width;
      readonly bits: 8 | 16 | 32;
      readonly dst: Register;
      readonly src: Register;
    }
  /** `little` and `big` convert from host order and cut off to the bits; `swap` always turns round. */
  | {
      readonly kind: "byteSwap";
      readonly to: "little" | "big" | "swap";
      readonly bits: 16 | 32 | 64;
      readonly dst: Register;
    }
  /** The one instruction of two slots. `low` and `high` are the signed 32-bit halves. */
  | {
      readonly kind: "constant";
      readonly dst: Register;
      readonly meaning: ConstantKind;
      readonly low: number;
      readonly high: number;
    }
  /** Legacy packet access (RFC 9669 §5.5): a big-endian load into r0; out of range ends the program with 0. */
  | {
      readonly kind: "loadPacket";
      readonly sizeBytes: 1 | 2 | 4;
      /** Added to `offset`; undefined for the absolute form. */
      readonly index: Register | undefined;
      readonly offset: number;
    }
  | {
      readonly kind: "load";
      readonly sizeBytes: SizeBytes;
      /** Sign-extends to 64 bits. */
      readonly signed: boolean;
      readonly dst: Register;
      readonly base: Register;
      readonly offset: number;
    }
  | {
      readonly kind: "store";
      readonly sizeBytes: SizeBytes;
      readonly base: Register;
      readonly offset: number;
      readonly operand: Operand;
    }
  | {
      readonly kind: "atomic";
      readonly operation: AtomicOperation;
      readonly sizeBytes: SizeBytes;
      /** The value before goes to `src` (of `cmpxchg`: to r0); always so for the exchanges. */
      readonly fetch: boolean;
      readonly base: Register;
      readonly offset: number;
      /** Destination of `loadAcquire`. */
      readonly src: Register;
    }
  /** `long` is `gotol`, whose distance has 32 bits. */
  | { readonly kind: "goto"; readonly distance: number; readonly long: boolean }
  /** Jumps once a loop has run for too long (Linux 6.9). */
  | { readonly kind: "mayGoto"; readonly distance: number }
  | {
      readonly kind: "branch";
      readonly width: Width;
      readonly condition: Condition;
      readonly dst: Register;
      readonly operand: Operand;
      readonly distance: number;
    }
  | { readonly kind: "callHelper"; readonly helper: number }
  /** The helper whose number a register holds: not of RFC 9669, but of virtual machines in user space (callx). */
  | { readonly kind: "callRegister"; readonly register: Register }
  /** A function of the same program, by distance. */
  | { readonly kind: "callFunction"; readonly distance: number }
  /** A function of the kernel, by BTF id and index of the module's BTF. */
  | { readonly kind: "callKernel"; readonly btfId: number; readonly module: number }
  | { readonly kind: "exit" };

/** Slots of 8 bytes that an instruction takes. */
export function slotsOf(instruction: Instruction): number {
  return instruction.kind === "constant" ? 2 : 1;
}
