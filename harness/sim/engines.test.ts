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

  for (const name of engineNames) {
    it(`${name} ends a loop that never ends`, () => {
      const loop: Instruction = { kind: "goto", distance: -1, long: false };
      expect(run(name, [loop], new Uint8Array(8)).fault?.message).to.match(/more instructions than it may/);
    });

    it(`${name} ends a recursion that never ends`, () => {
      const recursion: Instruction[] = [{ kind: "callFunction", distance: -1 }, { kind: "exit" }];
      expect(run(name, recursion, new Uint8Array(8)).fault?.message).to.match(/nests more than 8 function calls/);
    });
  }
});
