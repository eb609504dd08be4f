import { expect } from "chai";
import { median, quartiles } from "./statistics.js";

describe("statistics", () => {
  it("median is the middle, whatever the order and whichever the outliers", () => {
    expect(median([5, 1, 1000])).to.equal(5);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(Number.isNaN(median([]))).to.equal(true);
  });

  it("quartiles hold the middle half", () => {
    expect(quartiles([1, 2, 3, 4, 5])).to.deep.equal({ low: 2, high: 4 });
  });
});
