import { expect } from "chai";
import { encodeProgram } from "../isa/encode.js";
import type {
  AluOperation,
  AtomicOperation,
  Condition,
  Instruction,
  Operand,
  SizeBytes,
  Width,
} from "../isa/instruction.js";
import { fromHex, toHex } from "../model/hex.js";
import type { Call } from "./call.js";
import { engineNames } from "./engine.js";
import { runVm } from "./vm.js";

/** `r3`, or a number. */
type Source = `r${number}` | number;

function operand(source: Source): Operand {
  if (typeof source === "number") return { kind: "immediate", value: source };
  return { kind: "register", register: Number(source.slice(1)) };
}

const alu = (operation: AluOperation, dst: number, source: Source, width: Width = 64): Instruction => ({
  kind: "alu",
  width,
  operation,
  dst,
  operand: operand(source),
});
const mov = (dst: number, source: Source) => alu("mov", dst, source);
const constant = (dst: number, value: bigint): Instruction => ({
  kind: "constant",
  dst,
  meaning: "value",
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
});
const load = (sizeBytes: SizeBytes, dst: number, base: number, offset: number, signed = false): Instruction => ({
  kind: "load",
  sizeBytes,
  signed,
  dst,
  base,
  offset,
});
const store = (sizeBytes: SizeBytes, base: number, offset: number, source: Source): Instruction => ({
  kind: "store",
  sizeBytes,
  base,
  offset,
  operand: operand(source),
});
const atomic = (operation: AtomicOperation, sizeBytes: SizeBytes, src: number, fetch = false): Instruction => ({
  kind: "atomic",
  operation,
  sizeBytes,
  fetch: fetch || operation === "xchg" || operation === "cmpxchg",
  base: 1,
  offset: 0,
  src,
});
const branch = (
  condition: Condition,
  dst: number,
  source: Source,
  distance: number,
  width: Width = 64,
): Instruction => ({
  kind: "branch",
  width,
  condition,
  dst,
  operand: operand(source),
  distance,
});
const jump = (distance: number, long = false): Instruction => ({ kind: "goto", distance, long });
const swap = (to: "little" | "big" | "swap", bits: 16 | 32 | 64): Instruction => ({
  kind: "byteSwap",
  to,
  bits,
  dst: 0,
});
const packetLoad = (sizeBytes: 1 | 2 | 4, offset: number, index?: number): Instruction => ({
  kind: "loadPacket",
  sizeBytes,
  index,
  offset,
});
const exit: Instruction = { kind: "exit" };

const most = -0x8000_0000;
const most64 = -0x8000_0000_0000_0000n;

interface Case {
  readonly what: string;
  readonly program: readonly Instruction[];
  readonly memory?: string;
  /** r0. */
  readonly result: bigint;
  /** Memory after the run. */
  readonly leaves?: string;
}

/** By conformance group of RFC 9669 §2.4; results from its §4 and §5. */
const groups: Readonly<Record<string, readonly Case[]>> = {
  base32: [
    { what: "addition wraps and zero-extends", program: [mov(0, -1), alu("add", 0, 2, 32), exit], result: 1n },
    { what: "moves zero-extend", program: [alu("mov", 0, -1, 32), exit], result: 0xffff_ffffn },
    { what: "shift counts are masked", program: [mov(0, 1), alu("lsh", 0, 33, 32), exit], result: 2n },
    { what: "arsh of the lower half", program: [mov(0, most), alu("arsh", 0, 31, 32), exit], result: 0xffff_ffffn },
    { what: "neg", program: [mov(0, 1), { kind: "negate", width: 32, dst: 0 }, exit], result: 0xffff_ffffn },
    { what: "be16 cuts off", program: [constant(0, 0x1122_3344n), swap("big", 16), exit], result: 0x4433n },
    { what: "be32", program: [constant(0, 0x55_1122_3344n), swap("big", 32), exit], result: 0x4433_2211n },
    { what: "le32 cuts off", program: [constant(0, 0x55_1122_3344n), swap("little", 32), exit], result: 0x1122_3344n },
    { what: "bswap16", program: [constant(0, 0x1122_3344n), swap("swap", 16), exit], result: 0x4433n },
    {
      what: "movsx from 8 bits",
      program: [mov(1, 0x1ff), { kind: "moveSigned", width: 32, bits: 8, dst: 0, src: 1 }, exit],
      result: 0xffff_ffffn,
    },
    {
      what: "jlt32 looks at the lower half",
      program: [constant(1, 0x1_0000_0001n), mov(0, 0), branch("lt", 1, 2, 1, 32), exit, mov(0, 1), exit],
      result: 1n,
    },
    {
      what: "jsgt32 is signed",
      program: [mov(1, -1), mov(0, 0), branch("sgt", 1, 0, 1, 32), mov(0, 1), exit],
      result: 1n,
    },
    { what: "gotol", program: [mov(0, 1), jump(1, true), mov(0, 2), exit], result: 1n },
    {
      what: "stores and loads of 1, 2 and 4 bytes",
      program: [store(1, 1, 0, 0x11), store(2, 1, 2, 0x2233), load(4, 0, 1, 0), exit],
      memory: "0000000000000000",
      result: 0x2233_0011n,
      leaves: "1100332200000000",
    },
    {
      what: "ldsx of 2 bytes",
      program: [load(2, 0, 1, 0, true), exit],
      memory: "feff",
      result: 0xffff_ffff_ffff_fffen,
    },
  ],
  base64: [
    {
      what: "addition carries",
      program: [constant(0, 0xffff_ffffn), alu("add", 0, 1), exit],
      result: 0x1_0000_0000n,
    },
    { what: "subtraction borrows", program: [mov(0, 0), alu("sub", 0, 1), exit], result: 0xffff_ffff_ffff_ffffn },
    {
      what: "immediates are sign-extended",
      program: [mov(0, 0), alu("or", 0, -2), exit],
      result: 0xffff_ffff_ffff_fffen,
    },
    {
      what: "shifts across the halves",
      program: [constant(0, 0x8000_0001n), alu("lsh", 0, 1), exit],
      result: 0x1_0000_0002n,
    },
    {
      what: "shift counts are masked to 6 bits",
      program: [mov(0, 1), mov(1, 65), alu("lsh", 0, "r1"), exit],
      result: 2n,
    },
    {
      what: "arsh by more than 32",
      program: [constant(0, most64), alu("arsh", 0, 40), exit],
      result: 0xffff_ffff_ff80_0000n,
    },
    {
      what: "bswap64",
      program: [constant(0, 0x1122_3344_5566_7788n), swap("swap", 64), exit],
      result: 0x8877_6655_4433_2211n,
    },
    {
      what: "a loop that adds up",
      program: [mov(0, 0), mov(1, 10), alu("add", 0, "r1"), alu("sub", 1, 1), branch("ne", 1, 0, -3), exit],
      result: 55n,
    },
    {
      what: "jset looks at all bits",
      program: [constant(1, 0x10_0000_0000n), mov(0, 0), branch("set", 1, "r1", 1), exit, mov(0, 1), exit],
      result: 1n,
    },
    {
      what: "a function gets arguments and leaves r6 alone",
      program: [
        mov(6, 5),
        mov(1, 7),
        { kind: "callFunction", distance: 2 },
        alu("add", 0, "r6"),
        exit,
        mov(6, 1000),
        mov(0, "r1"),
        exit,
      ],
      result: 12n,
    },
    {
      what: "the stack keeps what is stored",
      program: [store(8, 10, -8, -3), load(8, 0, 10, -8), exit],
      result: 0xffff_ffff_ffff_fffdn,
    },
  ],
  divmul32: [
    { what: "division is unsigned", program: [mov(0, -4), alu("div", 0, 2, 32), exit], result: 0x7fff_fffen },
    { what: "division by zero is 0", program: [mov(0, 7), alu("div", 0, 0, 32), exit], result: 0n },
    {
      what: "modulo zero is the dividend's lower half",
      program: [mov(0, -1), alu("mod", 0, 0, 32), exit],
      result: 0xffff_ffffn,
    },
    { what: "sdiv rounds to zero", program: [mov(0, -7), alu("sdiv", 0, 2, 32), exit], result: 0xffff_fffdn },
    {
      what: "the least number by -1 is itself",
      program: [mov(0, most), alu("sdiv", 0, -1, 32), exit],
      result: 0x8000_0000n,
    },
    {
      what: "smod takes the dividend's sign",
      program: [mov(0, -7), alu("smod", 0, 2, 32), exit],
      result: 0xffff_ffffn,
    },
    { what: "multiplication wraps", program: [mov(0, 0x10001), alu("mul", 0, 0x10001, 32), exit], result: 0x2_0001n },
  ],
  divmul64: [
    {
      what: "multiplication reaches the upper half",
      program: [constant(0, 0x1_2345_6789n), constant(1, 0x9_8765_4321n), alu("mul", 0, "r1"), exit],
      result: BigInt.asUintN(64, 0x1_2345_6789n * 0x9_8765_4321n),
    },
    { what: "division by zero is 0", program: [mov(0, -1), mov(1, 0), alu("div", 0, "r1"), exit], result: 0n },
    {
      what: "modulo zero leaves the dividend",
      program: [mov(0, -1), alu("mod", 0, 0), exit],
      result: 0xffff_ffff_ffff_ffffn,
    },
    {
      what: "unsigned division of large numbers",
      program: [mov(0, -1), alu("div", 0, 16), exit],
      result: 0xfff_ffff_ffff_ffffn,
    },
    {
      what: "the least number by -1 is itself",
      program: [constant(0, most64), alu("sdiv", 0, -1), exit],
      result: 0x8000_0000_0000_0000n,
    },
    { what: "the least number modulo -1 is 0", program: [constant(0, most64), alu("smod", 0, -1), exit], result: 0n },
  ],
  atomic32: [
    {
      what: "add without fetch leaves r0",
      program: [mov(0, 9), mov(2, 1), atomic("add", 4, 2), exit],
      memory: "ffffffff00000000",
      result: 9n,
      leaves: "0000000000000000",
    },
    {
      what: "fetch zero-extends what was there",
      program: [mov(2, 1), atomic("or", 4, 2, true), mov(0, "r2"), exit],
      memory: "feffffffaabbccdd",
      result: 0xffff_fffen,
      leaves: "ffffffffaabbccdd",
    },
    {
      what: "cmpxchg compares the lower half of r0",
      program: [constant(0, 0x55_0000_0001n), mov(2, 3), atomic("cmpxchg", 4, 2), exit],
      memory: "0100000000000000",
      result: 1n,
      leaves: "0300000000000000",
    },
  ],
  atomic64: [
    {
      what: "xchg",
      program: [mov(2, -1), atomic("xchg", 8, 2), mov(0, "r2"), exit],
      memory: "0807060504030201",
      result: 0x0102_0304_0506_0708n,
      leaves: "ffffffffffffffff",
    },
    {
      what: "cmpxchg that fails writes nothing",
      program: [mov(0, 1), mov(2, 3), atomic("cmpxchg", 8, 2), exit],
      memory: "0200000000000000",
      result: 2n,
      leaves: "0200000000000000",
    },
    {
      what: "and, xor and a load-acquire",
      program: [mov(2, 0x0f), atomic("and", 8, 2), atomic("xor", 8, 2), atomic("loadAcquire", 8, 0), exit],
      memory: "3500000000000000",
      result: 0x0an,
      leaves: "0a00000000000000",
    },
  ],
  packet: [
    {
      what: "an absolute load is big-endian",
      program: [packetLoad(4, 1), exit],
      memory: "0011223344",
      result: 0x1122_3344n,
    },
    {
      what: "an indirect load adds both",
      program: [mov(3, 2), packetLoad(2, 1, 3), exit],
      memory: "0011223344",
      result: 0x3344n,
    },
    {
      what: "outside, the program ends with 0",
      program: [mov(0, 9), packetLoad(4, 2), mov(0, 9), exit],
      memory: "0011223344",
      result: 0n,
    },
  ],
};

for (const engine of engineNames) {
  describe(`the ${engine} conforms to RFC 9669`, () => {
    for (const [group, cases] of Object.entries(groups)) {
      for (const { what, program, memory = "", result, leaves } of cases) {
        it(`${group}: ${what}`, () => {
          const bytes = fromHex(memory);
          expect(runVm(encodeProgram(program), bytes, { engine }).toString(16)).to.equal(result.toString(16));
          if (leaves !== undefined) expect(toHex(bytes)).to.equal(leaves);
        });
      }
    }

    it("callx: calls the helper whose number a register holds, with the register's number in either place", () => {
      const helpers = new Map([[5, (call: Call) => call.u64(1) + 1n]]);
      for (const bytes of ["8d07000000000000", "8d00000007000000"]) {
        const program = encodeProgram([mov(1, 41), mov(7, 5), mov(0, 0), exit]);
        program.set(fromHex(bytes), 16);
        expect(runVm(program, new Uint8Array(0), { engine, helpers })).to.equal(42n);
        expect(() => runVm(program, new Uint8Array(0), { engine })).to.throw(/calls helper #5, which is not simulated/);
      }
    });

    for (const [what, program, message] of [
      [
        "a step beyond the memory",
        [load(4, 0, 1, 3), exit],
        /reads 4 bytes .*: 2 bytes past the end of the memory \(5 bytes\)/,
      ],
      ["a step before it", [store(1, 1, -1, 0), exit], /writes 1 byte .*: 1 byte before the beginning of the memory/],
      ["a null pointer", [mov(1, 0), load(1, 0, 1, 4), exit], /reads 1 byte at 0x4: a null pointer/],
      [
        "a stack slot that was never written",
        [load(8, 0, 10, -16), exit],
        /of the stack frame \(512 bytes\) was never written/,
      ],
      [
        "half of one",
        [store(4, 10, -8, 1), load(8, 0, 10, -8), exit],
        /byte 508 of the stack frame .* was never written/,
      ],
      ["a frame that is too deep", [store(8, 10, -520, 1), exit], /before the beginning of the stack frame/],
      ["a number that is no address", [constant(1, -1n), load(1, 0, 1, 0), exit], /reads 1 byte at -0x1: no memory/],
      ["more instructions than allowed", [jump(-1)], /more instructions than it may/],
    ] as const) {
      it(`stops at ${what}`, () => {
        expect(() => runVm(encodeProgram(program), new Uint8Array(5), { engine })).to.throw(message);
      });
    }

    for (const [what, program, message] of [
      ["nothing at all", [], /has no instructions/],
      ["a jump out of the program", [jump(5), exit], /instruction 0: leads to slot 6/],
      ["a jump into a 64-bit immediate", [jump(1), constant(0, 1n), exit], /where no instruction begins/],
      ["an end that is none", [mov(0, 1)], /neither exit nor a jump/],
      ["a write to the frame pointer", [mov(10, 1), exit], /frame pointer is read-only/],
      ["a kernel function by number", [{ kind: "callKernel", btfId: 42, module: 0 }, exit], /calls kernel function 42/],
      ["a helper that is not there", [{ kind: "callHelper", helper: 1 }, exit], /helper #1 is not simulated/],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(() => runVm(encodeProgram(program), new Uint8Array(0), { engine })).to.throw(message);
      });
    }
  });
}
