import { expect } from "chai";
import * as fc from "fast-check";
import { decodeProgram } from "../isa/decode.js";
import { encodeProgram } from "../isa/encode.js";
import type { Instruction } from "../isa/instruction.js";
import { toHex } from "../model/hex.js";
import { memoryBytes, program } from "./arbitraries.js";
import { Arena, readable, writable } from "./arena.js";
import { Code } from "./code.js";
import { createEngine, engineNames, type EngineName } from "./engine.js";
import { ProgramFault } from "./fault.js";
import { functionAddresses, Machine, type Helper } from "./machine.js";

const budget = 3000;

/** A pure one, and one that calls the program's first function back. */
const helpers: ReadonlyMap<number, Helper> = new Map<number, Helper>([
  [1, (call) => BigInt.asIntN(64, call.u64(1) * 3n + call.u64(5))],
  [
    2,
    (call, machine) => {
      call.set(1, call.u64(2));
      machine.callBack(functionAddresses);
      return call.i32(0);
    },
  ],
]);

interface Run {
  readonly result: string;
  readonly memory: string;
  readonly fault: ProgramFault | undefined;
  readonly left: number;
}

function run(engineName: EngineName, instructions: readonly Instruction[], memory: Uint8Array): Run {
  const arena = new Arena(1 << 16);
  const machine = new Machine(arena, helpers);
  const code = new Code("random", decodeProgram(encodeProgram(instructions)));
  const address = arena.reserve(memory.length, readable | writable, "the memory");
  arena.bytes.set(memory, address);
  const view = new DataView(memory.buffer, memory.byteOffset);
  machine.packet = {
    load: (offset, sizeBytes) => {
      if (offset < 0 || offset + sizeBytes > memory.length) return undefined;
      return { 1: () => view.getUint8(offset), 2: () => view.getUint16(offset), 4: () => view.getUint32(offset) }[
        sizeBytes
      ]();
    },
  };
  let fault: ProgramFault | undefined;
  try {
    machine.run(createEngine(engineName, machine, code), address, budget);
  } catch (error) {
    if (!(error instanceof ProgramFault)) throw error;
    fault = error;
  }
  return {
    result: fault ? "" : machine.arguments.result.toString(16),
    memory: toHex(arena.bytes.subarray(address, address + memory.length)),
    fault,
    left: machine.budget,
  };
}

describe("the two engines", () => {
  it("agree on result, memory, fault and instructions left, for any program", () => {
    const seen = { result: 0, fault: 0, tooLong: 0 };
    fc.assert(
      fc.property(program, fc.uint8Array({ minLength: memoryBytes, maxLength: memoryBytes }), (code, memory) => {
        const [jit, reference] = engineNames.map((name) => run(name, code, memory));
        // Only the interpreter notices the end of the budget at once.
        if (reference!.left < budget / 2) {
          seen.tooLong++;
          return;
        }
        seen[reference!.fault ? "fault" : "result"]++;
        expect(jit!.fault?.message).to.equal(reference!.fault?.message);
        expect(jit!.result).to.equal(reference!.result);
        expect(jit!.memory).to.equal(reference!.memory);
        if (!jit!.fault) expect(jit!.left).to.equal(reference!.left);
      }),
      { numRuns: 1500 },
    );
    // The property would hold of no programs, too.
    expect(seen.result).to.be.greaterThan(300);
    expect(seen.fault).to.be.greaterThan(100);
  }).timeout(60_000);

  it("agree on accesses far from their base register, and from bases at the ends of memory and beyond", () => {
    const capacityBytes = 1 << 17;
    const bases = fc.oneof(
      // Of the memory: as far as an offset leads back.
      fc.integer({ min: -40_000, max: 40_000 }).map((distance) => ({ distance, value: undefined })),
      fc
        .tuple(
          fc.constantFrom(0n, 1n << 15n, BigInt(capacityBytes), 1n << 32n, 1n << 63n),
          fc.integer({ min: -9, max: 9 }),
        )
        .map(([edge, off]) => ({ distance: 0, value: BigInt.asUintN(64, edge + BigInt(off)) })),
    );
    const sizes = fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const);
    fc.assert(
      fc.property(
        bases,
        fc.integer({ min: -32768, max: 32767 }),
        fc.boolean(),
        sizes,
        (base, any, isBack, sizeBytes) => {
          const offset = isBack ? Math.min(32767, Math.max(-32768, -base.distance)) : any;
          const value = base.value ?? 0n;
          const code: Instruction[] = [
            { kind: "alu", width: 64, operation: "mov", dst: 2, operand: { kind: "register", register: 1 } },
            base.value === undefined
              ? {
                  kind: "alu",
                  width: 64,
                  operation: "add",
                  dst: 2,
                  operand: { kind: "immediate", value: base.distance },
                }
              : {
                  kind: "constant",
                  dst: 2,
                  meaning: "value",
                  low: Number(BigInt.asIntN(32, value)),
                  high: Number(BigInt.asIntN(32, value >> 32n)),
                },
            { kind: "load", sizeBytes, signed: false, dst: 0, base: 2, offset },
            // Nothing more has to be checked of its base.
            { kind: "store", sizeBytes, base: 2, offset, operand: { kind: "immediate", value: 7 } },
            { kind: "exit" },
          ];
          const memory = Uint8Array.from({ length: memoryBytes }, (_, i) => i);
          const [jit, reference] = engineNames.map((name) => run(name, code, memory));
          expect(jit!.fault?.message).to.equal(reference!.fault?.message);
          expect(jit!.result).to.equal(reference!.result);
          expect(jit!.memory).to.equal(reference!.memory);
        },
      ),
      { numRuns: 600 },
    );
  });

  for (const name of engineNames) {
    it(`${name} ends a loop that never ends`, () => {
      const loop: Instruction = { kind: "goto", distance: -1, long: false };
      expect(run(name, [loop], new Uint8Array(8)).fault?.message).to.match(/more instructions than it may/);
    });

    it(`${name} clears the stack where it is told to, else does not let it be read before it is written`, () => {
      const readBack: Instruction[] = [
        { kind: "load", sizeBytes: 8, signed: false, dst: 0, base: 10, offset: -8 },
        { kind: "store", sizeBytes: 8, base: 10, offset: -8, operand: { kind: "immediate", value: 7 } },
        { kind: "exit" },
      ];
      const runTwice = (clearsStack: boolean) => {
        const machine = new Machine(new Arena(1 << 16), helpers, { clearsStack });
        const engine = createEngine(name, machine, new Code("reads", decodeProgram(encodeProgram(readBack))));
        machine.run(engine, 0);
        machine.run(engine, 0);
        return machine.arguments.result;
      };
      expect(runTwice(true)).to.equal(0n);
      expect(() => runTwice(false)).to.throw(ProgramFault, "was never written");
    });

    it(`${name} ends a recursion that never ends`, () => {
      const recursion: Instruction[] = [{ kind: "callFunction", distance: -1 }, { kind: "exit" }];
      expect(run(name, recursion, new Uint8Array(8)).fault?.message).to.match(/nests more than 8 function calls/);
    });
  }
});
