import { expect } from "chai";
import { ninesOf, shares, tail } from "./distribution.js";

describe("distributions", () => {
  it("are points of the tail, each nine as far from the next", () => {
    const histogram = [
      { lowNs: 1, highNs: 10, count: 90 },
      { lowNs: 11, highNs: 20, count: 9 },
      { lowNs: 21, highNs: 30, count: 1 },
    ];
    const { x, nines } = tail(histogram);
    expect(x).to.deep.equal([10, 20]);
    expect(nines[0]).to.be.closeTo(1, 1e-9);
    expect(nines[1]).to.be.closeTo(2, 1e-9);
    expect(ninesOf(0.999)).to.be.closeTo(3, 1e-9);
    expect(tail([])).to.deep.equal({ x: [], nines: [] });
  });

  it("are shares on one grid, and lose no sample", () => {
    const fine = Array.from({ length: 1000 }, (_, i) => ({ lowNs: 1000 + i, highNs: 1000 + i, count: 1 }));
    const other = [{ lowNs: 5000, highNs: 5000, count: 7 }];
    const { x, percents } = shares([fine, other]);
    const sum = (values: readonly (number | null)[]): number => values.reduce<number>((a, b) => a + (b ?? 0), 0);
    expect(sum(percents[0]!)).to.be.closeTo(100, 1e-9);
    expect(sum(percents[1]!)).to.be.closeTo(100, 1e-9);
    expect(percents[0]!.length).to.equal(x.length);
    // The bucket's ends hold what is in it.
    const at = percents[1]!.findIndex((percent) => percent! > 0);
    expect(x[at]).to.be.at.most(5000);
    expect(x[at + 1]).to.be.greaterThan(5000);
    expect(shares([])).to.deep.equal({ x: [], percents: [] });
  });
});
