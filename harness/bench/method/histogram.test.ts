import { expect } from "chai";
import * as fc from "fast-check";
import { Histogram } from "./histogram.js";

function filled(samples: readonly number[]) {
  const histogram = new Histogram();
  for (const sample of samples) histogram.add(sample);
  return histogram.latency()!;
}

describe("Histogram", () => {
  it("percentiles are those of the sorted samples, to within a bucket, from nanoseconds to minutes", () => {
    const ns = fc.oneof(fc.nat(2_000), fc.nat(10_000_000), fc.integer({ min: 0, max: 100_000_000_000 }));
    fc.assert(
      fc.property(fc.array(ns, { minLength: 1, maxLength: 300 }), (samples) => {
        const sorted = samples.toSorted((a, b) => a - b);
        const { histogram, ...seen } = filled(samples);
        for (const [name, part] of [
          ["p50Ns", 0.5],
          ["p90Ns", 0.9],
          ["p99Ns", 0.99],
          ["p999Ns", 0.999],
        ] as const) {
          const exact = sorted[Math.ceil(part * sorted.length) - 1]!;
          expect(seen[name]).to.be.within(exact, Math.max(exact, exact * (1 + 1 / 128)));
        }
        expect([seen.minNs, seen.maxNs]).to.deep.equal([sorted[0], sorted.at(-1)]);
        expect(histogram.reduce((sum, { count }) => sum + count, 0)).to.equal(samples.length);
        for (const [i, bucket] of histogram.entries()) {
          expect(bucket.highNs).to.be.at.least(bucket.lowNs);
          if (i > 0) expect(bucket.lowNs).to.be.greaterThan(histogram[i - 1]!.highNs);
        }
      }),
    );
  });

  it("has no percentiles without samples", () => {
    expect(new Histogram().latency()).to.equal(undefined);
  });
});
