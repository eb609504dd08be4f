import { encodeProgram } from "./encode.js";
import type { AluOperation, AtomicOperation, Condition, Instruction, Operand, Width } from "./instruction.js";

/** Names for what an instruction refers to by number; where there is none, the number is printed. */
export interface Symbols {
  /** `bpf_map_lookup_elem` for 1. */
  readonly helper?: (number: number) => string | undefined;
  /** For 64-bit immediates that are not plain numbers. */
  readonly constant?: (instruction: Instruction & { kind: "constant" }) => string | undefined;
}

const aluSigns: Readonly<Record<AluOperation, string>> = {
  add: "+=",
  sub: "-=",
  mul: "*=",
  div: "/=",
  sdiv: "s/=",
  or: "|=",
  and: "&=",
  lsh: "<<=",
  rsh: ">>=",
  mod: "%=",
  smod: "s%=",
  xor: "^=",
  mov: "=",
  arsh: "s>>=",
};

const conditionSigns: Readonly<Record<Condition, string>> = {
  eq: "==",
  gt: ">",
  ge: ">=",
  set: "&",
  ne: "!=",
  sgt: "s>",
  sge: "s>=",
  lt: "<",
  le: "<=",
  slt: "s<",
  sle: "s<=",
};

/**
 * One instruction as the kernel's verifier log writes it (kernel/bpf/disasm.c), for example
 * `(07) r1 += 8` or `(2d) if r2 > r3 goto pc+5`.
 */
export function disassemble(instruction: Instruction, symbols: Symbols = {}): string {
  const opcode = encodeProgram([instruction])[0]!.toString(16).padStart(2, "0");
  return `(${opcode}) ${textOf(instruction, symbols)}`;
}

function textOf(instruction: Instruction, symbols: Symbols): string {
  switch (instruction.kind) {
    case "alu": {
      const { width, operation, dst, operand } = instruction;
      return `${register(dst, width)} ${aluSigns[operation]} ${operandText(operand, width)}`;
    }
    case "negate": {
      const name = register(instruction.dst, instruction.width);
      return `${name} = -${name}`;
    }
    case "moveSigned": {
      const { width, bits, dst, src } = instruction;
      return `${register(dst, width)} = (s${bits})${register(src, width)}`;
    }
    case "byteSwap": {
      const { to, bits, dst } = instruction;
      return `r${dst} = ${{ little: "le", big: "be", swap: "bswap" }[to]}${bits} r${dst}`;
    }
    case "constant":
      return `r${instruction.dst} = ${constantText(instruction, symbols)}`;
    case "loadPacket": {
      const { sizeBytes, index, offset } = instruction;
      return `r0 = *(u${sizeBytes * 8} *)skb[${index === undefined ? "" : `r${index} + `}${offset}]`;
    }
    case "load": {
      const { sizeBytes, signed, dst, base, offset } = instruction;
      return `r${dst} = *(${signed ? "s" : "u"}${sizeBytes * 8} *)${place(base, offset)}`;
    }
    case "store": {
      const { sizeBytes, base, offset, operand } = instruction;
      return `*(u${sizeBytes * 8} *)${place(base, offset)} = ${operandText(operand, 64)}`;
    }
    case "atomic":
      return atomicText(instruction);
    case "goto":
      return `${instruction.long ? "gotol" : "goto"} ${target(instruction.distance)}`;
    case "mayGoto":
      return `may_goto ${target(instruction.distance)}`;
    case "branch": {
      const { width, condition, dst, operand, distance } = instruction;
      const second = operand.kind === "register" ? register(operand.register, width) : hex(operand.value);
      return `if ${register(dst, width)} ${conditionSigns[condition]} ${second} goto ${target(distance)}`;
    }
    case "callHelper":
      return `call ${symbols.helper?.(instruction.helper) ?? "unknown"}#${instruction.helper}`;
    case "callRegister":
      return `call ${register(instruction.register, 64)}`;
    case "callFunction":
      return `call ${target(instruction.distance)}`;
    case "callKernel":
      return `call kernel-function#${instruction.btfId}`;
    case "exit":
      break;
  }
  return "exit";
}

function register(number: number, width: Width): string {
  return `${width === 64 ? "r" : "w"}${number}`;
}

function operandText(operand: Operand, width: Width): string {
  return operand.kind === "register" ? register(operand.register, width) : String(operand.value);
}

function place(base: number, offset: number): string {
  return `(r${base} ${signed(offset)})`;
}

function target(distance: number): string {
  return `pc${signed(distance)}`;
}

function signed(number: number): string {
  return number < 0 ? String(number) : `+${number}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

function constantText(instruction: Instruction & { kind: "constant" }, symbols: Symbols): string {
  const named = symbols.constant?.(instruction);
  if (named !== undefined) return named;
  const value = (BigInt(instruction.high >>> 0) << 32n) | BigInt(instruction.low >>> 0);
  return `0x${value.toString(16)}`;
}

function atomicText(instruction: Instruction & { kind: "atomic" }): string {
  const { operation, sizeBytes, fetch, base, offset, src } = instruction;
  const address = `(u${sizeBytes * 8} *)${place(base, offset)}`;
  const atomic = `atomic${sizeBytes === 8 ? "64" : ""}`;
  switch (operation) {
    case "loadAcquire":
      return `r${src} = load_acquire(${address})`;
    case "storeRelease":
      return `store_release(${address}, r${src})`;
    case "xchg":
      return `r${src} = ${atomic}_xchg(${address}, r${src})`;
    case "cmpxchg":
      return `r0 = ${atomic}_cmpxchg(${address}, r0, r${src})`;
    case "add":
    case "or":
    case "and":
    case "xor":
      if (fetch) return `r${src} = ${atomic}_fetch_${operation}(${address}, r${src})`;
      return `lock *${address} ${lockSign(operation)} r${src}`;
  }
}

function lockSign(operation: Extract<AtomicOperation, AluOperation>): string {
  return aluSigns[operation];
}
