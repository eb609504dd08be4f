import * as fc from "fast-check";
import type { AluOperation, AtomicOperation, Condition, Instruction, Operand, Width } from "./instruction.js";

const register = fc.integer({ min: 0, max: 10 });
const width = fc.constantFrom<Width>(32, 64);
const sizeBytes = fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const);
const offset = fc.integer({ min: -0x8000, max: 0x7fff });
const immediate = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

const operand: fc.Arbitrary<Operand> = fc.oneof(
  fc.record({ kind: fc.constant("register" as const), register }),
  fc.record({ kind: fc.constant("immediate" as const), value: immediate }),
);

export const aluOperations: readonly AluOperation[] = [
  "add",
  "sub",
  "mul",
  "div",
  "sdiv",
  "or",
  "and",
  "lsh",
  "rsh",
  "mod",
  "smod",
  "xor",
  "mov",
  "arsh",
];

export const conditions: readonly Condition[] = ["eq", "gt", "ge", "set", "ne", "sgt", "sge", "lt", "le", "slt", "sle"];

const atomic: fc.Arbitrary<Instruction> = fc
  .record({
    operation: fc.constantFrom<AtomicOperation>(
      "add",
      "or",
      "and",
      "xor",
      "xchg",
      "cmpxchg",
      "loadAcquire",
      "storeRelease",
    ),
    sizeBytes,
    fetch: fc.boolean(),
    base: register,
    offset,
    src: register,
  })
  .map((fields) => {
    const { operation } = fields;
    const ordered = operation === "loadAcquire" || operation === "storeRelease";
    const fetch = operation === "xchg" || operation === "cmpxchg" || (!ordered && fields.fetch);
    const size = ordered || fields.sizeBytes >= 4 ? fields.sizeBytes : 4;
    return { kind: "atomic", ...fields, fetch, sizeBytes: size };
  });

/** Every instruction that has an encoding. */
export const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({
    kind: fc.constant("alu" as const),
    width,
    operation: fc.constantFrom(...aluOperations),
    dst: register,
    operand,
  }),
  fc.record({ kind: fc.constant("negate" as const), width, dst: register }),
  fc
    .record({ width, bits: fc.constantFrom(8 as const, 16 as const, 32 as const), dst: register, src: register })
    .map((fields) => ({ kind: "moveSigned" as const, ...fields, width: fields.bits === 32 ? 64 : fields.width })),
  fc.record({
    kind: fc.constant("byteSwap" as const),
    to: fc.constantFrom("little" as const, "big" as const, "swap" as const),
    bits: fc.constantFrom(16 as const, 32 as const, 64 as const),
    dst: register,
  }),
  fc.record({
    kind: fc.constant("constant" as const),
    dst: register,
    meaning: fc.constantFrom("value" as const, "map" as const, "mapValue" as const, "function" as const),
    low: immediate,
    high: immediate,
  }),
  fc.record({
    kind: fc.constant("loadPacket" as const),
    sizeBytes: fc.constantFrom(1 as const, 2 as const, 4 as const),
    index: fc.option(register, { nil: undefined }),
    offset: immediate,
  }),
  fc
    .record({ sizeBytes, signed: fc.boolean(), dst: register, base: register, offset })
    .map((fields) => ({ kind: "load" as const, ...fields, signed: fields.signed && fields.sizeBytes < 8 })),
  fc.record({ kind: fc.constant("store" as const), sizeBytes, base: register, offset, operand }),
  atomic,
  fc
    .record({ distance: offset, long: fc.boolean() })
    .map(({ distance, long }) => ({ kind: "goto" as const, distance: long ? distance * 1000 : distance, long })),
  fc.record({ kind: fc.constant("mayGoto" as const), distance: offset }),
  fc.record({
    kind: fc.constant("branch" as const),
    width,
    condition: fc.constantFrom(...conditions),
    dst: register,
    operand,
    distance: offset,
  }),
  fc.record({ kind: fc.constant("callHelper" as const), helper: immediate }),
  fc.record({ kind: fc.constant("callFunction" as const), distance: immediate }),
  fc.record({ kind: fc.constant("callRegister" as const), register }),
  fc.record({ kind: fc.constant("callKernel" as const), btfId: immediate, module: offset }),
  fc.constant({ kind: "exit" as const }),
);
