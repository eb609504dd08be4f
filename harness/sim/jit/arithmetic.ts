import type { AluOperation, Condition, Instruction, Operand, Width } from "../../isa/instruction.js";
import { local } from "./locals.js";
import type { FunctionWriter } from "./function-writer.js";
import { i32, i64, op } from "./wasm.js";

type Plain = Exclude<AluOperation, "mov" | "div" | "sdiv" | "mod" | "smod">;

/** WebAssembly masks shift counts as BPF does (RFC 9669 §4.1). */
const plain: Readonly<Record<Width, Readonly<Record<Plain, number>>>> = {
  32: {
    add: op.i32Add,
    sub: op.i32Sub,
    mul: op.i32Mul,
    or: op.i32Or,
    and: op.i32And,
    xor: op.i32Xor,
    lsh: op.i32Shl,
    rsh: op.i32ShrU,
    arsh: op.i32ShrS,
  },
  64: {
    add: op.i64Add,
    sub: op.i64Sub,
    mul: op.i64Mul,
    or: op.i64Or,
    and: op.i64And,
    xor: op.i64Xor,
    lsh: op.i64Shl,
    rsh: op.i64ShrU,
    arsh: op.i64ShrS,
  },
};

const divisions = {
  32: { div: op.i32DivU, sdiv: op.i32DivS, mod: op.i32RemU, smod: op.i32RemS },
  64: { div: op.i64DivU, sdiv: op.i64DivS, mod: op.i64RemU, smod: op.i64RemS },
} as const;

const conditions: Readonly<Record<Width, Readonly<Record<Exclude<Condition, "set">, number>>>> = {
  32: {
    eq: op.i32Eq,
    ne: op.i32Ne,
    gt: op.i32GtU,
    ge: op.i32GeU,
    lt: op.i32LtU,
    le: op.i32LeU,
    sgt: op.i32GtS,
    sge: op.i32GeS,
    slt: op.i32LtS,
    sle: op.i32LeS,
  },
  64: {
    eq: op.i64Eq,
    ne: op.i64Ne,
    gt: op.i64GtU,
    ge: op.i64GeU,
    lt: op.i64LtU,
    le: op.i64LeU,
    sgt: op.i64GtS,
    sge: op.i64GeS,
    slt: op.i64LtS,
    sle: op.i64LeS,
  },
};

export function writeAlu(out: FunctionWriter, { width, operation, dst, operand }: Instruction & { kind: "alu" }): void {
  switch (operation) {
    case "mov":
      out.operand(operand, width).assign(dst, width);
      return;
    case "div":
    case "sdiv":
    case "mod":
    case "smod":
      writeDivision(out, width, operation, dst, operand);
      return;
    case "add":
    case "sub":
    case "mul":
    case "or":
    case "and":
    case "xor":
    case "lsh":
    case "rsh":
    case "arsh":
      out.register(dst, width).operand(operand, width).byte(plain[width][operation]).assign(dst, width);
  }
}

/**
 * WebAssembly traps where BPF has a result: x / 0 is 0, x % 0 is x, and the most negative number
 * divided by -1 is itself (RFC 9669 §4.1).
 */
function writeDivision(
  out: FunctionWriter,
  width: Width,
  operation: keyof (typeof divisions)[64],
  dst: number,
  operand: Operand,
): void {
  const [type, eqz, eq, sub] =
    width === 64 ? [i64, op.i64Eqz, op.i64Eq, op.i64Sub] : [i32, op.i32Eqz, op.i32Eq, op.i32Sub];
  const constant = (value: number) => (width === 64 ? out.const64(value) : out.const32(value));
  out.operand(operand, width).byte(eqz, op.if, type);
  if (operation === "mod" || operation === "smod") out.register(dst, width);
  else constant(0);
  out.byte(op.else);
  if (operation === "sdiv") {
    out.operand(operand, width);
    constant(-1).byte(eq, op.if, type);
    constant(0).register(dst, width).byte(sub, op.else);
  }
  out.register(dst, width).operand(operand, width).byte(divisions[width][operation]);
  if (operation === "sdiv") out.byte(op.end);
  out.byte(op.end).assign(dst, width);
}

export function writeNegate(out: FunctionWriter, { width, dst }: Instruction & { kind: "negate" }): void {
  if (width === 64) out.const64(0).register(dst).byte(op.i64Sub).assign(dst);
  else out.const32(0).register(dst, 32).byte(op.i32Sub).assign(dst, 32);
}

export function writeMoveSigned(out: FunctionWriter, instruction: Instruction & { kind: "moveSigned" }): void {
  const { width, bits, dst, src } = instruction;
  if (width === 64) {
    const extend = { 8: op.i64Extend8S, 16: op.i64Extend16S, 32: op.i64Extend32S }[bits];
    out.register(src).byte(extend).assign(dst);
  } else {
    out
      .register(src, 32)
      .byte(bits === 8 ? op.i32Extend8S : op.i32Extend16S)
      .assign(dst, 32);
  }
}

/** The simulated machine is little-endian, so that conversion to little-endian only cuts off. */
export function writeByteSwap(out: FunctionWriter, { to, bits, dst }: Instruction & { kind: "byteSwap" }): void {
  if (to === "little") {
    if (bits < 64)
      out
        .register(dst)
        .const64(bits === 16 ? 0xffff : 0xffff_ffff)
        .byte(op.i64And)
        .assign(dst);
    return;
  }
  out.register(dst);
  swapPairs(out, 8, 0x00ff_00ff_00ff_00ffn);
  if (bits > 16) swapPairs(out, 16, 0x0000_ffff_0000_ffffn);
  if (bits === 64) out.const64(32).byte(op.i64Rotl);
  else out.const64(bits === 16 ? 0xffff : 0xffff_ffff).byte(op.i64And);
  out.assign(dst);
}

/** Swaps neighbouring groups of so many bits: (x & mask) << bits | (x >>> bits) & mask. */
function swapPairs(out: FunctionWriter, bits: number, mask: bigint): void {
  out.tee(local.temporary).const64(mask).byte(op.i64And).const64(bits).byte(op.i64Shl);
  out.get(local.temporary).const64(bits).byte(op.i64ShrU).const64(mask).byte(op.i64And, op.i64Or);
}

/** Leaves a 32-bit truth value on the stack. */
export function writeCondition(out: FunctionWriter, instruction: Instruction & { kind: "branch" }): void {
  const { width, condition, dst, operand } = instruction;
  out.register(dst, width).operand(operand, width);
  if (condition !== "set") out.byte(conditions[width][condition]);
  else if (width === 64) out.byte(op.i64And).const64(0).byte(op.i64Ne);
  else out.byte(op.i32And);
}
