import { expect } from "chai";
import {
  fixtureObject,
  mapOf,
  noExpectation,
  nowhere,
  planFor,
  sendStep,
  setPatch,
  steps,
  u32,
} from "../kernel/plan-builder.test.js";
import type { MapPatch, Plan } from "../model/plan.js";
import { neededCpus, neededPrograms } from "./needs.js";

const object = fixtureObject("tail_call");
const stages = mapOf(object, "stages");

function plan(maps: readonly MapPatch[], later: readonly MapPatch[] = [], from = object): Plan {
  const base = { index: 0, label: "", span: nowhere, expect: noExpectation };
  const list = steps(sendStep([], { senders: 2 }), { kind: "maps", patches: later, ...base });
  return planFor(from, "xdp", { entry: "dispatch", maps, steps: list });
}

const program = (name: string) => setPatch(stages, u32(0), { kind: "program", name });

describe("what a plan needs of a simulated machine", () => {
  it("is its program alone, where nothing leads to others", () => {
    expect([...neededPrograms(plan([]))]).to.deep.equal(["dispatch"]);
  });

  it("is every program that a scenario puts into a slot, at first or later, in maps of maps too", () => {
    const outer = setPatch(stages, u32(1), { kind: "inner", entries: [program("pass_stage")] });
    expect([...neededPrograms(plan([outer], [program("drop_stage")]))]).to.have.members([
      "dispatch",
      "drop_stage",
      "pass_stage",
    ]);
  });

  it("is every program that the object itself puts into a slot", () => {
    const maps = [{ ...stages, slots: [{ index: 2, target: "drop_stage" }] }];
    expect([...neededPrograms(plan([], [], { ...object, maps }))]).to.have.members(["dispatch", "drop_stage"]);
  });

  it("is four CPUs, or as many as there are senders or values", () => {
    const values = (count: number) => Array.from({ length: count }, () => u32(1));
    const perCpu = (count: number) => setPatch(stages, u32(0), { kind: "perCpu", values: values(count) });
    expect(neededCpus(plan([perCpu(2)]))).to.equal(4);
    expect(neededCpus(plan([], [perCpu(7)]))).to.equal(7);
    expect(neededCpus({ ...plan([]), steps: [sendStep([], { senders: 9 })] })).to.equal(9);
  });
});
