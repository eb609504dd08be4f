import { expect } from "chai";
import type { BenchContender } from "../../model/bench.js";
import { growthOf } from "./growth.js";

const series = (name: string, valueAt: (x: number) => number): BenchContender[] =>
  [1, 10, 100, 1_000, 10_000].map(
    (x) => ({ series: name, x, values: [valueAt(x), valueAt(x) * 2, valueAt(x) * 3] }) as unknown as BenchContender,
  );

describe("growthOf", () => {
  it("tells linear from constant, whatever does not grow", () => {
    const grown = growthOf([...series("list", (x) => 2_000 + 4 * x), ...series("hash", () => 2_000)], 1);
    expect(grown.map(({ series: name }) => name)).to.deep.equal(["list", "hash"]);
    expect(grown[0]!.exponent.middle).to.be.within(0.8, 1);
    expect(grown[1]!.exponent.middle).to.be.closeTo(0, 1e-9);
  });
});
