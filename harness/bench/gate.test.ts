import { expect } from "chai";
import type { BenchContender, BenchEffect, BenchExact, BenchGroup, BenchHost, BenchResult } from "../model/bench.js";
import { gate, gateGroupId } from "./gate.js";

const host = { kernel: "Linux 6.18", mitigations: {} } as BenchHost;
const exact: BenchExact = {
  instructions: 100,
  helpers: { bpf_map_lookup_elem: 1 },
  maps: {},
  verifiedInstructions: 200,
  jitedBytes: 300,
};
const program = { entry: "f", sha256: "", object: "" };

const effect = (low: number, high: number, verdict: BenchEffect["verdict"]): BenchEffect => ({
  ratio: { middle: Math.sqrt(low * high), low, high },
  verdict,
});

function group(id: string, contenders: readonly Partial<BenchContender>[]): BenchGroup {
  return {
    id,
    better: "lower",
    baseline: "base",
    disturbances: [],
    nullControl: effect(0.98, 1.02, "none"),
    contenders: contenders as BenchContender[],
  } as unknown as BenchGroup;
}

const result = (groups: readonly BenchGroup[], on = host): BenchResult => ({ host: on, groups }) as BenchResult;
const messages = (before: BenchResult, now: BenchResult, force = false) =>
  gate(before, now, force).regressions.map(({ contender, message }) => `${contender}: ${message}`);

describe("gate", () => {
  const before = result([group("g", [{ id: "p", exact, program }])]);
  const now = (changed: Partial<BenchExact>, turns: BenchEffect) =>
    result([
      group("g", [{ id: "p", exact: { ...exact, ...changed }, program }]),
      group(gateGroupId("g", "p"), [{ id: "before" }, { id: "now", effect: turns }]),
    ]);
  const same = effect(0.99, 1.01, "none");

  it("one instruction more fails at once; one less does not", () => {
    expect(messages(before, now({ instructions: 101 }, same))).to.deep.equal(["p: instructions: 100 → 101"]);
    expect(messages(before, now({ instructions: 99 }, same))).to.deep.equal([]);
    expect(messages(before, now({ helpers: { bpf_map_lookup_elem: 1, bpf_ktime_get_ns: 1 } }, same))).to.deep.equal([
      "p: calls of bpf_ktime_get_ns: 0 → 1",
    ]);
  });

  it("a program that is proven slower than its predecessor beside it fails; a proven trifle does not", () => {
    expect(messages(before, now({}, effect(1.15, 1.25, "worse")))).to.deep.equal([
      "p: slower than its predecessor beside it: 15 % to 25 %",
    ]);
    expect(messages(before, now({}, effect(1.02, 1.03, "worse")))).to.deep.equal([]);
    expect(messages(before, now({}, effect(0.9, 1.3, "none")))).to.deep.equal([]);
  });

  it("what verifiers count is held against the same kernel only", () => {
    const elsewhere = { ...now({ verifiedInstructions: 900 }, same), host: { ...host, kernel: "Linux 7.0" } };
    expect(messages(before, elsewhere)).to.deep.equal([]);
    expect(messages(before, now({ verifiedInstructions: 900 }, same))).to.have.length(1);
  });

  it("other times are compared as ratios to the baseline, of like hosts, unless forced", () => {
    const times = (ratio: BenchEffect, on = host) => result([group("t", [{ id: "c", effect: ratio }])], on);
    const was = times(effect(1.9, 2.1, "worse"));
    const slower = effect(2.6, 2.8, "worse");
    expect(messages(was, times(slower))).to.deep.equal(["c: against base: 2.00 then, 2.70 now"]);
    expect(messages(was, times(effect(2.1, 2.3, "worse")))).to.deep.equal([]);
    const other = { ...host, cpuModel: "another" };
    expect(messages(was, times(slower, other))).to.deep.equal([]);
    expect(gate(was, times(slower, other)).notes[0]).to.contain("cpuModel");
    expect(messages(was, times(slower, other), true)).to.have.length(1);
  });
});
