import { expect } from "chai";
import { medianInterval } from "./bootstrap.js";

/** Skewed like durations: many near 100, a long tail. */
function durations(count: number, seed: number): number[] {
  let state = seed * 2_654_435_761;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const uniform = ((state >>> 8) + 0.5) / 2 ** 24;
    return 100 - 20 * Math.log(uniform);
  });
}
const trueMedian = 100 + 20 * Math.LN2;

describe("medianInterval", () => {
  it("holds the true median about as often as its confidence says", () => {
    const covered = (confidence: 0.95 | 0.99): number =>
      Array.from({ length: 200 }, (_, seed) => medianInterval(durations(20, seed + 1), seed, confidence)).filter(
        ({ low, high }) => low <= trueMedian && trueMedian <= high,
      ).length / 200;
    expect(covered(0.95)).to.be.within(0.91, 0.99);
    expect(covered(0.99)).to.be.within(0.96, 1);
  });

  it("is the same for the same seed, and narrower for more values", () => {
    const few = medianInterval(durations(12, 7), 1);
    const many = medianInterval(durations(120, 7), 1);
    expect(few).to.deep.equal(medianInterval(durations(12, 7), 1));
    expect(many.high - many.low).to.be.lessThan(few.high - few.low);
  });

  it("does not follow outliers, as a mean would", () => {
    const calm = Array.from({ length: 15 }, (_, i) => 100 + i);
    const { low, high } = medianInterval([...calm, 1e9, 1e9], 3);
    expect(low).to.be.at.least(100);
    expect(high).to.be.at.most(114);
  });
});
