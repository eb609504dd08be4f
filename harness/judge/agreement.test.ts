import { expect } from "chai";
import { fixtureObject, noExpectation, planFor, sendStep, steps } from "../kernel/plan-builder.test.js";
import type { BackendName } from "../model/backend.js";
import type { CaseEvidence, StepEvidence } from "../model/evidence.js";
import type { CaseResult } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import { disagreements } from "./agreement.js";

const plan = planFor(fixtureObject("xdp_count"), "xdp", { steps: steps(sendStep([new Uint8Array(60)])) });

interface Seen {
  readonly verdict?: string;
  readonly bytes?: string;
  readonly counter?: string;
  readonly strays?: StepEvidence["strays"];
}

function result(backend: BackendName, { verdict, bytes, counter, strays = [] }: Seen): CaseResult {
  const map = plan.object.maps[0]!.name;
  const step: StepEvidence = {
    step: 0,
    packets: [
      {
        index: 0,
        sent: undefined,
        verdicts: verdict === undefined ? [] : [{ verdict, evidence: "", times: 1, durationNs: undefined }],
        redirect: undefined,
        context: {},
        costs: [],
        frames: [{ place: "output", direction: "output", bytes, times: 1, afterNs: undefined }],
      },
    ],
    strays,
    maps: counter === undefined ? [] : [{ map, key: "0", before: "0", after: counter }],
    omittedChanges: 0,
    events: [],
    omittedEvents: 0,
    printk: [],
    observed: [],
    omittedObserved: 0,
    clients: [],
    faults: [],
  };
  const evidence: CaseEvidence = { load: undefined, steps: [step] };
  const common = { file: "t.yml", scenario: "t", case: "t", missing: [], mismatches: [], error: undefined };
  return { ...common, backend, outcome: "passed", verdict, durationMs: 1, replay: "", span: plan.span, evidence };
}

/** What is said of two backends that saw this, the first on `sim`. */
function between(a: Seen, b: Seen, on: BackendName = "kernel", of: Plan = plan): readonly string[] {
  const found = disagreements(of, [result(on, b), result("sim", a)]);
  return found.map(({ what, expected, actual }) => `${what}: ${expected}, ${actual}`);
}

describe("disagreements of backends", () => {
  it("are verdicts of which none fits", () => {
    const said = ["backends.verdict: XDP_PASS (sim), XDP_DROP (kernel)"];
    expect(between({ verdict: "XDP_PASS" }, { verdict: "XDP_DROP" })).to.deep.equal(said);
    expect(between({ verdict: "XDP_PASS" }, { verdict: "XDP_DROP or XDP_ABORTED" }, "wire")).to.have.length(1);
  });

  it("are not verdicts that cannot be told apart", () => {
    expect(between({ verdict: "XDP_ABORTED" }, { verdict: "XDP_DROP or XDP_ABORTED" }, "wire")).to.deep.equal([]);
    expect(between({ verdict: "77" }, { verdict: "a value that is no verdict" }, "wire")).to.deep.equal([]);
    expect(between({ verdict: "XDP_PASS" }, {}, "wire")).to.deep.equal([]);
  });

  it("are packets that differ in a byte", () => {
    expect(between({ bytes: "AAAA" }, { bytes: "AAAB" })).to.deep.equal(["backends.packet: AAAA (sim), AAAB (kernel)"]);
    expect(between({}, {})).to.deep.equal([]);
  });

  it("are map entries, also where only one backend changed them", () => {
    const alike = { ...plan, object: { ...plan.object, maps: [{ ...plan.object.maps[0]!, type: "array" as const }] } };
    expect(between({ counter: "1" }, { counter: "2" }, "kernel", alike)).to.have.length(1);
    expect(between({ counter: "1" }, {}, "kernel", alike)[0]).to.match(/1 \(sim\), unchanged \(kernel\)/);
    const stray = { place: "dut:eth0", direction: "received", bytes: "AA", times: 1, afterNs: undefined } as const;
    const disturbed = { counter: "2", strays: [stray] };
    expect(between({ counter: "1" }, disturbed, "wire", alike), "others sent something, too").to.deep.equal([]);
  });

  it("are not map entries of programs that read a clock, also where a function does it for them", () => {
    const object = { ...plan.object, maps: [{ ...plan.object.maps[0]!, type: "array" as const }], helpers: [5] };
    expect(between({ counter: "1" }, { counter: "2" }, "kernel", { ...plan, object })).to.deep.equal([]);
  });

  it("are not what a backend's own expectation says, nor where one is known to fail", () => {
    const on = { kernel: { ...noExpectation, verdict: { value: ["XDP_DROP"], span: plan.span } } };
    const step = { ...plan.steps[0]!, expect: { ...noExpectation, on } };
    const said = { ...plan, steps: steps(step) };
    expect(between({ verdict: "XDP_PASS" }, { verdict: "XDP_DROP" }, "kernel", said)).to.deep.equal([]);
    const known = { ...plan, xfail: { kernel: "known" } };
    expect(between({ verdict: "XDP_PASS" }, { verdict: "XDP_DROP" }, "kernel", known)).to.deep.equal([]);
  });
});
