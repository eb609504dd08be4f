import { join } from "node:path";
import { expect } from "chai";
import type { MapObservation, Observation } from "../model/observation.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { prepare } from "../run/prepare.js";
import { projectRoot } from "../run/project.js";
import { describeCase } from "./describe-case.js";
import { caseEvidence } from "./evidence.js";
import { firstPackets } from "./limits.js";
import { changedEntries } from "./map-changes.js";

const entry = (key: number, value: number): MapObservation["entries"][number] => ({
  key: Uint8Array.of(key),
  values: [Uint8Array.of(value)],
});

describe("evidence for reports", () => {
  let plan: Plan;
  before(async () => {
    const { prepared } = await prepare([join(projectRoot, "scenarios", "load-balance", "rewrite.yml")], 1);
    plan = prepared[0]!.plans[0]!;
  });

  const verdict = (packet: number, returned = 3): Observation => ({
    kind: "verdict",
    step: 0,
    packet,
    possible: [returned === 3 ? "XDP_TX" : "XDP_PASS"],
    evidence: `retval ${returned}`,
    returned,
    durationNs: 40,
  });

  it("keeps bytes only where they differ from what was sent, and repetitions as a number", () => {
    const { bytes } = (plan.steps[0] as PlannedSend).packets[0]!;
    const changed = Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    const output = (data: Uint8Array): Observation => ({
      kind: "packet",
      step: 0,
      packet: 0,
      place: "output",
      bytes: data,
      timestampNs: undefined,
    });
    const seen = [verdict(0), verdict(0), verdict(0, 2), output(bytes), output(bytes), output(changed)];
    const [step] = caseEvidence(plan, "kernel", seen).steps;
    expect(step!.packets[0]!.verdicts).to.deep.equal([
      { verdict: "XDP_TX", evidence: "retval 3", times: 2, durationNs: 40 },
      { verdict: "XDP_PASS", evidence: "retval 2", times: 1, durationNs: 40 },
    ]);
    const frames = step!.packets[0]!.frames.map(({ bytes: data, times }) => [data?.slice(0, 4), times]);
    expect(frames).to.deep.equal([
      [undefined, 2],
      [Buffer.from(changed).toString("base64").slice(0, 4), 1],
    ]);
  });

  it("says what the case does", () => {
    const description = describeCase(plan);
    expect(description).to.include({ hook: "xdp", object: plan.object.name, entry: plan.program.name });
    expect(description.sources.some((file) => file.endsWith(".bpf.c"))).to.equal(true);
    expect(Buffer.from(description.steps[0]!.packets[0]!.bytes, "base64")).to.deep.equal(
      Buffer.from((plan.steps[0] as PlannedSend).packets[0]!.bytes),
    );
  });

  it("keeps packets that a mismatch names, however many there are", () => {
    const step = plan.steps[0] as PlannedSend;
    const many = {
      ...plan,
      steps: [{ ...step, packets: new Array<(typeof step.packets)[0]>(500).fill(step.packets[0]!) }],
    };
    const seen = many.steps[0]!.packets.map((_, i) => verdict(i));
    const kept = caseEvidence(many, "sim", seen, new Set([400])).steps[0]!.packets;
    expect(kept.length).to.equal(65);
    expect(kept.at(-1)).to.include({ index: 400 });
    expect(kept.at(-1)!.sent).to.be.a("string");
    expect(describeCase(many).steps[0]!.omittedPackets).to.equal(436);
  });

  it("finds new, changed and removed keys, wherever they are", () => {
    const was = [entry(1, 1), entry(2, 2), entry(3, 3)];
    const is = [entry(3, 3), entry(4, 4), entry(1, 9)];
    const changed = changedEntries(was, is).map(({ key, was, is }) => [key[0], was?.values[0]![0], is?.values[0]![0]]);
    expect(changed).to.deep.equal([
      [4, undefined, 4],
      [1, 1, 9],
      [2, 2, undefined],
    ]);
  });

  it("bounds packets by number and by bytes, but keeps at least one", () => {
    expect(firstPackets(new Array<number>(100).fill(60))).to.equal(64);
    expect(firstPackets(new Array<number>(100).fill(9000))).to.equal(7);
    expect(firstPackets([100_000, 60])).to.equal(1);
    expect(firstPackets([60, 60])).to.equal(2);
  });
});
