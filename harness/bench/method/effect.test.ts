import { expect } from "chai";
import type { BenchInterval } from "../../model/bench.js";
import { effectOf, nullEffect, ratioOf } from "./effect.js";

const interval = (low: number, high: number): BenchInterval => ({ middle: Math.sqrt(low * high), low, high });

describe("effects", () => {
  it("divide round by round, so that a slow stretch of the machine is no effect", () => {
    const baseline = [100, 100, 300, 300, 100, 100];
    const ratio = ratioOf(
      baseline.map((value) => value * 1.2),
      baseline,
      1,
    );
    expect(ratio.middle).to.be.closeTo(1.2, 1e-9);
    expect(ratio.high - ratio.low).to.be.closeTo(0, 1e-9);
  });

  it("twice and half are equally far from 1", () => {
    expect(ratioOf([50, 200, 50, 200], [100, 100, 100, 100], 1).middle).to.be.closeTo(1, 1e-9);
  });

  it("are named only outside of what the null control reaches, on either side of 1", () => {
    const noisy = nullEffect(interval(0.9, 1.02), "lower");
    expect(effectOf(interval(1.05, 1.3), noisy, "lower").verdict).to.equal("none");
    expect(effectOf(interval(1.12, 1.3), noisy, "lower").verdict).to.equal("worse");
    expect(effectOf(interval(0.7, 0.89), noisy, "lower").verdict).to.equal("better");
    expect(effectOf(interval(0.7, 0.89), noisy, "higher").verdict).to.equal("worse");
  });

  it("are not named below a floor, however certain", () => {
    const calm = nullEffect(interval(0.999, 1.001), "lower");
    expect(effectOf(interval(1.01, 1.02), calm, "lower").verdict).to.equal("worse");
    expect(effectOf(interval(1.01, 1.02), calm, "lower", Math.log(1.05)).verdict).to.equal("none");
  });

  it("a null control that excludes 1 says so", () => {
    expect(nullEffect(interval(0.98, 1.02), "lower").verdict).to.equal("none");
    expect(nullEffect(interval(1.01, 1.02), "lower").verdict).to.equal("worse");
  });
});
