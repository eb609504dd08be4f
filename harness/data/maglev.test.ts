import { expect } from "chai";
import fc from "fast-check";
import { isPrime, maglevTable } from "./maglev.js";

const slots = 65537;

function backends(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => Uint8Array.of(i & 0xff, i >> 8, 0, 0));
}

function shares(table: Uint32Array, count: number): number[] {
  const found = new Array<number>(count).fill(0);
  for (const backend of table) found[backend]!++;
  return found;
}

describe("a Maglev table", () => {
  it("gives every backend as many slots as any other, give or take one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.constantFrom(101, 251, 2039), (count, size) => {
        const found = shares(maglevTable(backends(count), size), count);
        expect(Math.max(...found) - Math.min(...found)).to.be.at.most(1);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("is the same in whatever order the backends are listed", () => {
    const listed = backends(7);
    const reversed = [...listed].reverse();
    const swapped = maglevTable(reversed, 2039).map((backend) => 6 - backend);
    expect(swapped).to.deep.equal(maglevTable(listed, 2039));
  });

  it("moves little more than the slots of the backend that leaves", () => {
    const all = maglevTable(backends(10), slots);
    const left = maglevTable(backends(9), slots);
    const ofLeaver = all.filter((backend) => backend === 9).length;
    const others = all.filter((backend, slot) => backend !== 9 && backend !== left[slot]).length;
    expect(ofLeaver).to.be.within(6553, 6554);
    expect(others / slots).to.be.below(0.02);
  });

  it("needs a prime number of slots", () => {
    expect([1, 2, 4, 65536, 65537].filter(isPrime)).to.deep.equal([2, 65537]);
  });
});
