import { expect } from "chai";
import * as fc from "fast-check";
import { decodeProgram } from "../../isa/decode.js";
import { encodeProgram } from "../../isa/encode.js";
import type { Instruction } from "../../isa/instruction.js";
import { fixtureObject, planFor, sendStep, steps } from "../../kernel/plan-builder.test.js";
import type { Mismatch } from "../../model/outcome.js";
import type { TracedRun } from "../../model/trace.js";
import { packetArbitrary } from "../../packet/arbitraries.js";
import { Arena, readable } from "../arena.js";
import { Code } from "../code.js";
import { defaultBudget, Machine } from "../machine.js";
import { Interpreter } from "../interpreter/interpreter.js";
import { SimSession } from "../session.js";
import type { Executed } from "./recording.js";
import { decisionOf } from "./decision.js";
import { tracePlan } from "./trace-plan.js";

const objects = ["xdp_lb", "xdp_icmp_drop", "xdp_blacklist", "tc_ping_pong", "xdp_count", "tail_call"] as const;

describe("a trace", () => {
  it("can be gone through forwards and backwards, for any packet", () => {
    let seen = 0;
    fc.assert(
      fc.property(fc.constantFrom(...objects), packetArbitrary, (name, packet) => {
        const object = fixtureObject(name);
        const hook = name.startsWith("tc") ? "tc-ingress" : "xdp";
        const entry = name === "tail_call" ? { entry: "dispatch" } : {};
        const plan = planFor(object, hook, { steps: steps(sendStep([packet.bytes])), ...entry });
        for (const run of tracePlan(plan, { step: 0, packet: 0 }).runs) {
          if (run.fault === undefined) seen++;
          isWhole(run);
        }
      }),
      { numRuns: 150 },
    );
    expect(seen).to.be.greaterThan(50);
  }).timeout(30_000);

  it("names helpers with their arguments, what was written, and the changed entries", () => {
    const object = fixtureObject("xdp_count");
    const plan = planFor(object, "xdp", { steps: steps(sendStep([new Uint8Array(60)])) });
    const [run] = tracePlan(plan, { step: 0, packet: 0 }).runs;
    const calls = run!.steps.flatMap(({ call }) => (call ? [call] : []));
    expect(calls[0]).to.deep.include({ name: "bpf_map_lookup_elem", arguments: ["packets", "key 0"] });
    expect(calls[0]!.result).to.equal("value of map 'packets'+0");
    expect(run!.maps).to.deep.equal([{ map: "packets", key: "0", before: "0 on all CPUs", after: "CPU 0: 1" }]);
    const written = run!.steps.flatMap(({ memory = [] }) => memory.map(({ place }) => place));
    expect(written).to.include("value of map 'packets'+0");
  });

  it("is an error of the one who asks for a packet that is not sent", () => {
    const plan = planFor(fixtureObject("xdp_count"), "xdp", { steps: steps(sendStep([new Uint8Array(60)])) });
    expect(() => tracePlan(plan, { step: 0, packet: 1 })).to.throw(/sends 1 packet/);
    expect(() => tracePlan(plan, { step: 3, packet: 0 })).to.throw(/step 4 .* sends nothing/);
  });
});

/** Each step's values before are those after the ones behind it, and the last r0 is what was returned. */
function isWhole({ registers, steps: all, returned }: TracedRun): void {
  const now = [...registers];
  for (const step of all) {
    for (const [register, before, after] of step.registers ?? []) {
      expect(before).to.equal(now[register]);
      now[register] = after;
    }
  }
  if (returned !== undefined) expect(Number(BigInt.asIntN(32, BigInt(now[0]!)))).to.equal(returned);
  for (const step of all.toReversed()) for (const [register, before] of step.registers ?? []) now[register] = before;
  expect(now).to.deep.equal(registers);
}

const mov = (dst: number, value: number): Instruction => ({
  kind: "alu",
  width: 64,
  operation: "mov",
  dst,
  operand: { kind: "immediate", value },
});
const copy = (dst: number, register: number): Instruction => ({
  kind: "alu",
  width: 64,
  operation: "mov",
  dst,
  operand: { kind: "register", register },
});
const ifEqual = (dst: number, value: number, distance: number): Instruction => ({
  kind: "branch",
  width: 64,
  condition: "eq",
  dst,
  operand: { kind: "immediate", value },
  distance,
});
const exit: Instruction = { kind: "exit" };

/** Index of the deciding instruction of a run without arguments. */
function decides(program: readonly Instruction[]): number | undefined {
  const arena = new Arena(1 << 16);
  const machine = new Machine(arena, new Map());
  const code = new Code("program", decodeProgram(encodeProgram(program)));
  const engine = new Interpreter(machine, code);
  const executed: Executed[] = [];
  let entry = 0;
  engine.hook = (slot, registers) => {
    const index = code.indexAt(slot);
    const last = executed.at(-1);
    if (last && code.instructions[last.index]!.instruction.kind === "branch")
      executed[executed.length - 1] = { ...last, taken: index === code.targetOf(last.index) };
    entry ||= registers[20]!;
    executed.push({ code, index, depth: registers[20] === entry ? 0 : 1, taken: undefined });
  };
  machine.run(engine, arena.reserve(8, readable, "the context"), defaultBudget);
  const at = decisionOf(executed);
  return at === undefined ? undefined : executed[at]!.index;
}

describe("the jump that decided a verdict", () => {
  it("is the last one around the value", () => {
    expect(decides([mov(2, 5), ifEqual(2, 1, 2), mov(0, 1), exit, mov(0, 2), exit])).to.equal(1);
  });

  it("is the last one that could have set another value, where the value was set before", () => {
    expect(decides([mov(2, 5), mov(0, 2), ifEqual(2, 5, 1), mov(0, 1), exit])).to.equal(2);
  });

  it("is not one behind it that changes nothing of the value", () => {
    const program = [mov(2, 5), ifEqual(2, 1, 2), mov(6, 1), { kind: "goto", distance: 1, long: false } as const];
    expect(decides([...program, mov(6, 2), ifEqual(2, 5, 1), mov(3, 0), copy(0, 6), exit])).to.equal(1);
  });

  it("is in the function that returned the value", () => {
    const call: Instruction = { kind: "callFunction", distance: 2 };
    expect(decides([mov(1, 7), call, copy(6, 0), exit, mov(0, 1), ifEqual(1, 7, 1), mov(0, 2), exit])).to.equal(5);
  });

  it("is in the caller where the function always returns the same", () => {
    const call: Instruction = { kind: "callFunction", distance: 3 };
    expect(decides([mov(1, 7), ifEqual(1, 0, 2), call, exit, mov(0, 3), exit, mov(0, 1), exit])).to.equal(1);
  });

  it("is none where there is nothing to decide", () => {
    expect(decides([mov(0, 2), exit])).to.equal(undefined);
  });
});

describe("mismatches of the simulator", () => {
  const place = { line: 1, column: 1, offset: 0 };
  const span = { file: "x.yml", start: place, end: place };
  const mismatch: Omit<Mismatch, "what"> = {
    expected: "",
    actual: "",
    span,
    step: "step 1",
    stepIndex: 0,
    packet: 0,
    details: ["before"],
  };

  it("say where a verdict was decided and who changed a map", async () => {
    const object = fixtureObject("xdp_blacklist_no_ipv6");
    const ipv6 = Uint8Array.of(...new Uint8Array(12), 0x86, 0xdd, 0x60, ...new Uint8Array(60));
    const plan = planFor(object, "xdp", { steps: steps(sendStep([ipv6])) });
    const session = new SimSession("jit");
    await session.run(plan);
    const [verdict, other] = session.explain(plan, [
      { ...mismatch, what: "verdict" },
      { ...mismatch, what: "printk line 1" },
    ]);
    expect(verdict!.details[0]).to.equal("before");
    expect(verdict!.details[1]).to.match(/^decided at {6}.*xdp_blacklist\.bpf\.c:\d+: if \(ethertype == /);
    expect(other!.details).to.deep.equal(["before"]);

    const count = planFor(fixtureObject("xdp_count"), "xdp", { steps: steps(sendStep([ipv6])) });
    const [map, untouched] = session.explain(count, [
      { ...mismatch, what: "maps.packets[0].sum" },
      { ...mismatch, what: "maps.other[0]" },
    ]);
    expect(map!.details.at(-1)).to.equal("packet 1 changed packets[0]: 0 on all CPUs → CPU 0: 1");
    expect(untouched!.details.at(-1)).to.equal("no packet of this step changed it");
  });
});
