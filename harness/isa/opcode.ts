import type { AluOperation, AtomicOperation, Condition, SizeBytes } from "./instruction.js";

/** The low three bits of an opcode (RFC 9669 §3.1). */
export const classes = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;

/** Bit 3 of arithmetic and jumps: the second operand is a register. */
export const sourceRegister = 0x08;

/** Bits 5 to 7 of loads and stores (RFC 9669 §5). */
export const modes = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, memsx: 0x80, atomic: 0xc0 } as const;

/** Bits 3 and 4 of loads and stores. */
const sizeCodes: Readonly<Record<SizeBytes, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };

export function sizeCode(sizeBytes: SizeBytes): number {
  return sizeCodes[sizeBytes];
}

export function sizeOfCode(opcode: number): SizeBytes {
  return ([4, 2, 1, 8] as const)[(opcode >> 3) & 3]!;
}

/** Bits 4 to 7 of arithmetic (RFC 9669 §4.1). `sdiv` and `smod` are `div` and `mod` with an offset of 1. */
export const aluCodes: Readonly<Record<AluOperation | "neg" | "end", number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  sdiv: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  smod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
  end: 0xd0,
};

/** Bits 4 to 7 of jumps (RFC 9669 §4.3). */
export const jumpCodes: Readonly<Record<Condition | "ja" | "call" | "exit" | "cond", number>> = {
  ja: 0x00,
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  call: 0x80,
  exit: 0x90,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
  cond: 0xe0,
};

/** Immediates of atomic instructions, without the fetch bit where that is a choice. */
export const atomicCodes: Readonly<Record<AtomicOperation, number>> = {
  add: 0x00,
  or: 0x40,
  and: 0x50,
  xor: 0xa0,
  xchg: 0xe1,
  cmpxchg: 0xf1,
  loadAcquire: 0x100,
  storeRelease: 0x110,
};

export const atomicFetch = 0x01;

/** The name behind a code; the first where several share one. */
export function nameOfCode<T extends string>(codes: Readonly<Record<T, number>>, code: number): T | undefined {
  return (Object.keys(codes) as T[]).find((name) => codes[name] === code);
}
