import { expect } from "chai";
import fc from "fast-check";
import { matchBag } from "./bag.js";

describe("matchBag", () => {
  it("does not let an easy expectation take the only partner of a strict one", () => {
    const anything = () => true;
    const onlyTwo = (n: number) => n === 2;
    const result = matchBag([anything, onlyTwo], [2, 1], (fits, n) => fits(n));
    expect(result).to.deep.equal({ unseen: [], unexpected: [] });
  });

  it("names both sides of a difference", () => {
    const result = matchBag(["a", "b"], ["b", "c"], (x, y) => x === y);
    expect(result).to.deep.equal({ unseen: ["a"], unexpected: ["c"] });
  });

  it("pairs as many as can be paired, whatever the order", () => {
    const items = fc.array(fc.nat(5), { maxLength: 8 });
    fc.assert(
      fc.property(items, items, (expected, actual) => {
        const { unseen, unexpected } = matchBag(expected, actual, (a, b) => a === b);
        const common = [0, 1, 2, 3, 4, 5]
          .map((n) => Math.min(expected.filter((x) => x === n).length, actual.filter((x) => x === n).length))
          .reduce((a, b) => a + b);
        return unseen.length === expected.length - common && unexpected.length === actual.length - common;
      }),
    );
  });
});
