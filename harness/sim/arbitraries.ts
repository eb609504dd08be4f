import * as fc from "fast-check";
import { aluOperations, conditions } from "../isa/arbitraries.js";
import { slotsOf, type AtomicOperation, type Instruction, type Operand, type Width } from "../isa/instruction.js";

/**
 * Programs that a machine takes, whatever they do when they run: all jumps lead somewhere in their
 * function, r6 points to the memory of the run and r10 to the stack. Loops may be endless, control flow
 * irreducible, addresses wrong.
 */
export const memoryBytes = 64;

/** An instruction of a program to be, with where it leads as a share of what there is. */
interface Draft {
  readonly instruction: Instruction;
  readonly target?: number;
}

const scratch = fc.constantFrom(0, 2, 3, 4, 5, 7, 8, 9);
const width = fc.constantFrom<Width>(32, 64);
const sizeBytes = fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const);
const share = fc.nat(999).map((number) => number / 1000);

/** Numbers at which arithmetic goes wrong if it does. */
const immediate = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 31, 32, 33, 63, 64, 0x7fff_ffff, -0x8000_0000, 0xffff, 255),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
);

const operand: fc.Arbitrary<Operand> = fc.oneof(
  scratch.map((register) => ({ kind: "register" as const, register })),
  immediate.map((value) => ({ kind: "immediate" as const, value })),
);

const just = (instructions: fc.Arbitrary<Instruction>) => instructions.map((instruction): Draft => ({ instruction }));

const alu = fc.record({
  kind: fc.constant("alu" as const),
  width,
  operation: fc.constantFrom(...aluOperations),
  dst: scratch,
  operand,
});

const oneRegister: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ kind: fc.constant("negate" as const), width, dst: scratch }),
  fc
    .record({ width, bits: fc.constantFrom(8 as const, 16 as const, 32 as const), dst: scratch, src: scratch })
    .map((fields) => ({ kind: "moveSigned" as const, ...fields, width: fields.bits === 32 ? 64 : fields.width })),
  fc.record({
    kind: fc.constant("byteSwap" as const),
    to: fc.constantFrom("little" as const, "big" as const, "swap" as const),
    bits: fc.constantFrom(16 as const, 32 as const, 64 as const),
    dst: scratch,
  }),
  fc.record({
    kind: fc.constant("constant" as const),
    dst: scratch,
    meaning: fc.constant("value" as const),
    low: immediate,
    high: immediate,
  }),
);

/** Mostly inside the memory or the frame, at times across their edges, seldom nowhere. */
const place = fc.oneof(
  { weight: 8, arbitrary: fc.record({ base: fc.constant(6), offset: fc.integer({ min: 0, max: memoryBytes - 8 }) }) },
  { weight: 8, arbitrary: fc.record({ base: fc.constant(10), offset: fc.integer({ min: -64, max: -8 }) }) },
  { weight: 1, arbitrary: fc.record({ base: fc.constant(6), offset: fc.integer({ min: -9, max: memoryBytes + 2 }) }) },
  { weight: 1, arbitrary: fc.record({ base: fc.constant(10), offset: fc.integer({ min: -600, max: 80 }) }) },
  { weight: 1, arbitrary: fc.record({ base: scratch, offset: fc.integer({ min: -8, max: 8 }) }) },
);

const load = fc.tuple(place, sizeBytes, fc.boolean(), scratch).map(([at, size, signed, dst]) => ({
  kind: "load" as const,
  sizeBytes: size,
  signed: signed && size < 8,
  dst,
  ...at,
}));

const store = fc
  .tuple(place, sizeBytes, operand)
  .map(([at, size, source]) => ({ kind: "store" as const, sizeBytes: size, operand: source, ...at }));

const atomic = fc
  .tuple(
    place,
    fc.constantFrom<AtomicOperation>("add", "or", "and", "xor", "xchg", "cmpxchg", "loadAcquire", "storeRelease"),
    sizeBytes,
    fc.boolean(),
    scratch,
  )
  .map(([at, operation, size, fetches, src]): Instruction => {
    const ordered = operation === "loadAcquire" || operation === "storeRelease";
    const fetch = operation === "xchg" || operation === "cmpxchg" || (!ordered && fetches);
    return { kind: "atomic", operation, sizeBytes: ordered || size >= 4 ? size : 4, fetch, src, ...at };
  });

const loadPacket = fc
  .tuple(
    fc.constantFrom(1 as const, 2 as const, 4 as const),
    fc.option(scratch, { nil: undefined, freq: 4 }),
    fc.integer({ min: -2, max: memoryBytes }),
  )
  .map(([size, index, offset]) => ({ kind: "loadPacket" as const, sizeBytes: size, index, offset }));

const branch = fc.oneof(
  fc
    .record({
      kind: fc.constant("branch" as const),
      width,
      condition: fc.constantFrom(...conditions),
      dst: scratch,
      operand,
      distance: fc.constant(0),
    })
    .chain((instruction) => share.map((target): Draft => ({ instruction, target }))),
  fc
    .tuple(share, fc.boolean())
    .map(([target, long]): Draft => ({ instruction: { kind: "goto", distance: 0, long }, target })),
  fc.constant<Draft>({ instruction: { kind: "mayGoto", distance: 0 }, target: 0 }),
);

const call = fc.oneof(
  fc.constantFrom(1, 2).map((helper): Draft => ({ instruction: { kind: "callHelper", helper } })),
  share.map((target): Draft => ({ instruction: { kind: "callFunction", distance: 0 }, target })),
);

const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 10, arbitrary: just(alu) },
  { weight: 3, arbitrary: just(oneRegister) },
  { weight: 4, arbitrary: just(load) },
  { weight: 4, arbitrary: just(store) },
  { weight: 2, arbitrary: just(atomic) },
  { weight: 1, arbitrary: just(loadPacket) },
  { weight: 5, arbitrary: branch },
  { weight: 2, arbitrary: call },
  { weight: 1, arbitrary: fc.constant<Draft>({ instruction: { kind: "exit" } }) },
);

/** r6 = r1, some numbers in the other registers, and, but for one in eight, a frame that was written to. */
const prologue = fc
  .tuple(fc.array(immediate, { minLength: 12, maxLength: 12 }), fc.nat(7))
  .map(([numbers, unwritten]): Draft[] => [
    { instruction: { kind: "alu", width: 64, operation: "mov", dst: 6, operand: { kind: "register", register: 1 } } },
    ...[2, 3, 4, 7, 8, 9].map((dst, i): Draft => ({
      instruction: { kind: "constant", dst, meaning: "value", low: numbers[2 * i]!, high: numbers[2 * i + 1]! },
    })),
    ...(unwritten === 0 ? [] : Array.from({ length: 8 }, (_, i) => zeroStackSlot(-8 * (i + 1)))),
  ]);

function zeroStackSlot(offset: number): Draft {
  return { instruction: { kind: "store", sizeBytes: 8, base: 10, offset, operand: { kind: "immediate", value: 0 } } };
}

const functionBody = fc
  .tuple(prologue, fc.array(draft, { minLength: 1, maxLength: 40 }))
  .map(([first, rest]): Draft[] => [...first, ...rest, { instruction: { kind: "exit" } }]);

/** One to three functions; each may call every one of them. */
export const program: fc.Arbitrary<readonly Instruction[]> = fc
  .array(functionBody, { minLength: 1, maxLength: 3 })
  .map(assemble);

function assemble(functions: readonly (readonly Draft[])[]): Instruction[] {
  const drafts = functions.flat();
  const slots: number[] = [];
  let slot = 0;
  for (const { instruction } of drafts) {
    slots.push(slot);
    slot += slotsOf(instruction);
  }
  let first = 0;
  return functions.flatMap((body) => {
    const start = first;
    first += body.length;
    return body.map(({ instruction, target }, i): Instruction => {
      if (target === undefined) return instruction;
      const to =
        instruction.kind === "callFunction"
          ? startOf(functions, Math.floor(target * functions.length))
          : start + Math.floor(target * body.length);
      return { ...instruction, distance: slots[to]! - slots[start + i]! - slotsOf(instruction) } as Instruction;
    });
  });
}

function startOf(functions: readonly (readonly Draft[])[], index: number): number {
  return functions.slice(0, index).reduce((sum, body) => sum + body.length, 0);
}
