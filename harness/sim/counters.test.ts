import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { decodeProgram } from "../isa/decode.js";
import { encodeProgram } from "../isa/encode.js";
import type { Instruction } from "../isa/instruction.js";
import { fixtureObject } from "../kernel/plan-builder.test.js";
import type { ProgramCounts } from "../model/coverage.js";
import { HarnessError } from "../model/error.js";
import type { Packet } from "../model/packet.js";
import { packetArbitrary } from "../packet/arbitraries.js";
import { projectRoot } from "../run/project.js";
import { memoryBytes, program } from "./arbitraries.js";
import { Arena, readable, writable } from "./arena.js";
import { Code } from "./code.js";
import { Counters } from "./counters.js";
import { createEngine, engineNames, type EngineName } from "./engine.js";
import { ProgramFault } from "./fault.js";
import { packetHook, type PacketHook } from "./hooks/packet-hook.js";
import { Interpreter } from "./interpreter/interpreter.js";
import { functionAddresses, Machine, type Engine, type Helper } from "./machine.js";
import { SimulatedObject } from "./simulated-object.js";
import { World } from "./world.js";

const budget = 3000;

/** One that faults for some arguments, and one that calls the program's first function back. */
const helpers: ReadonlyMap<number, Helper> = new Map<number, Helper>([
  [1, (call) => call.read(call.u32(1) % 2 === 0 ? 1 : 5, 1)[0]!],
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
  readonly values: number[];
  readonly compares: number[];
  readonly counts: ProgramCounts;
  /** As a hook sees them, by slot; of the interpreter. */
  readonly seen: Map<number, number>;
  readonly used: number;
  readonly faulted: boolean;
}

function run(engineName: EngineName, instructions: readonly Instruction[], memory: Uint8Array): Run {
  const arena = new Arena(1 << 17);
  const machine = new Machine(arena, helpers);
  const code = new Code("random", decodeProgram(encodeProgram(instructions)));
  const address = arena.reserve(memory.length, readable | writable, "the memory");
  arena.bytes.set(memory, address);
  machine.packet = { load: (offset) => (offset >= 0 && offset < 32 ? offset : undefined) };
  const counters = new Counters(code, arena, { compares: true });
  const engine = createEngine(engineName, machine, code, counters);
  const seen = new Map<number, number>();
  if (engine instanceof Interpreter) engine.hook = (slot) => seen.set(slot, (seen.get(slot) ?? 0) + 1);
  let faulted = false;
  try {
    machine.run(engine, address, budget);
  } catch (error) {
    if (!(error instanceof ProgramFault)) throw error;
    faulted = true;
  }
  const { values, compares } = counters;
  return {
    values: [...values],
    compares: [...compares!],
    counts: counters.counts(),
    seen,
    used: budget - machine.budget,
    faulted,
  };
}

const hitsOf = ({ functions }: ProgramCounts) => functions.flatMap(({ instructions }) => instructions);

describe("counters", () => {
  it("are the same in both engines and true to every executed instruction, for any program", () => {
    const seen = { whole: 0, faulted: 0, moreThanOnce: 0 };
    fc.assert(
      fc.property(program, fc.uint8Array({ minLength: memoryBytes, maxLength: memoryBytes }), (code, memory) => {
        const reference = run("interpreter", code, memory);
        // Only the interpreter notices the end of the budget at once.
        if (reference.used > budget / 2) return;
        const jit = run("jit", code, memory);
        seen[reference.faulted ? "faulted" : "whole"]++;
        expect(jit.values).to.deep.equal(reference.values);
        expect(jit.compares).to.deep.equal(reference.compares);
        expect(jit.counts).to.deep.equal(reference.counts);
        const hits = hitsOf(reference.counts);
        if (hits.some((one) => one.hits > 1)) seen.moreThanOnce++;
        expect(hits.filter((one) => one.hits > 0)).to.deep.equal(
          [...reference.seen].sort(([a], [b]) => a - b).map(([slot, count]) => ({ slot, hits: count })),
        );
      }),
      { numRuns: 1500 },
    );
    // The property would hold of no programs, too.
    expect(seen.whole).to.be.greaterThan(300);
    expect(seen.faulted).to.be.greaterThan(100);
    expect(seen.moreThanOnce).to.be.greaterThan(20);
  }).timeout(60_000);

  const packets = fc.sample(packetArbitrary, { numRuns: 60, seed: 3 });
  for (const name of objectNames()) {
    it(`are the same in both engines for ${name}`, () => {
      const [jit, reference] = engineNames.map((engine) => countsOfObject(name, engine, packets));
      expect(jit).to.deep.equal(reference);
    });
  }
});

function objectNames(): string[] {
  const files = readdirSync(join(projectRoot, "fixtures", "objects"));
  return files.filter((name) => name.endsWith(".bpf.o")).map((name) => name.slice(0, -".bpf.o".length));
}

/** Of each program with some packets; what is not simulated is left out. */
function countsOfObject(name: string, engine: EngineName, packets: readonly Packet[]): unknown[] {
  const object = fixtureObject(name);
  return object.programs.map((spec) => {
    const hook = spec.type && packetHook(spec.type);
    if (!hook) return undefined;
    try {
      const world = new World({ seed: 1 });
      const simulated = new SimulatedObject(object, { world, engine, globals: [], hook, counting: { compares: true } });
      const entry = simulated.program(spec.name);
      for (const packet of packets) if (runPacket(simulated, entry, packet) === "too long") return undefined;
      return [...simulated.counters.values()].map((counters) => [
        [...counters.values],
        [...counters.compares!],
        counters.counts(),
      ]);
    } catch (error) {
      if (error instanceof HarnessError && error.code === "unsupported") return undefined;
      throw error;
    }
  });
}

/** Only the interpreter notices the end of the budget at once. */
function runPacket({ machine, hook }: SimulatedObject<PacketHook>, engine: Engine, packet: Packet) {
  try {
    hook.accept(packet, {});
    machine.run(engine, hook.context);
  } catch (error) {
    if (!(error instanceof ProgramFault)) throw error;
    if (/more instructions than it may/.test(error.message)) return "too long";
  }
  return "done";
}
