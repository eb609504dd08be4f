import { expect } from "chai";
import type { BenchContender, BenchResult } from "../../harness/model/bench.js";
import { measurement } from "../html/test-measurement.js";
import { compareBenches } from "./benches.js";

describe("comparing two measurements", () => {
  /** The measurement with one of its contenders changed. */
  function planted(id: string, change: (contender: BenchContender) => BenchContender | undefined): BenchResult {
    const groups = measurement.groups.map((group) => ({
      ...group,
      contenders: group.contenders.flatMap((each) => (each.id === id ? (change(each) ?? []) : [each])),
    }));
    return { ...measurement, groups };
  }
  const times = (share: number) => (each: BenchContender) => {
    const { middle, low, high } = each.estimate;
    return { ...each, estimate: { middle: middle * share, low: low * share, high: high * share } };
  };

  it("compares no times that others disturbed", () => {
    const groups = measurement.groups.map((group) => ({ ...group, disturbances: ["a program on the hook"] }));
    const { notes, differences } = compareBenches({ ...measurement, groups }, planted("tc", times(2)));
    expect(differences).to.deep.equal([]);
    expect(notes[0]).to.contain("others disturbed it");
  });

  it("tells times whose intervals have nothing in common, and exact counts that differ at all", () => {
    expect(compareBenches(measurement, measurement).differences).to.deep.equal([]);
    expect(compareBenches(measurement, planted("tc", times(1.03))).differences).to.deep.equal([]);
    const [slower] = compareBenches(measurement, planted("tc", times(1.2))).differences;
    expect(slower).to.include({ kind: "latency", direction: "worse", where: "Round trips › tc" });
    expect(slower!.after).to.match(/, ×1\.2$/);
    const [faster] = compareBenches(measurement, planted("tc", times(0.8))).differences;
    expect(faster).to.include({ direction: "better" });
    const costlier = planted("xdp", (each) => ({ ...each, exact: { ...each.exact!, instructions: 43 } }));
    expect(compareBenches(measurement, costlier).differences[0]).to.include({
      kind: "cost",
      direction: "worse",
      after: "43 (+2.4 %)",
    });
    const [gone] = compareBenches(
      measurement,
      planted("tc", () => undefined),
    ).differences;
    expect(gone).to.include({ kind: "gone", direction: "worse" });
  });

  it("compares no times of unlike hosts, but their exact counts", () => {
    const elsewhere = (result: BenchResult): BenchResult => ({ ...result, host: { ...result.host, cpus: 64 } });
    const { differences, notes } = compareBenches(measurement, elsewhere(planted("tc", times(2))));
    expect(differences).to.deep.equal([]);
    expect(notes).to.deep.equal(["the hosts differ in cpus: 2 and 64; times are not compared"]);
  });
});
