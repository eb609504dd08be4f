import { expect } from "chai";
import { inFrames, lastFrame, parseFrames } from "./frames.js";

describe("frame ranges", () => {
  it("reads numbers, ranges and open ends", () => {
    expect(parseFrames("1-20, 25,40-")).to.deep.equal([
      [1, 20],
      [25, 25],
      [40, Infinity],
    ]);
  });

  it("is inclusive at both ends", () => {
    const frames = parseFrames("2-3,5");
    expect([1, 2, 3, 4, 5, 6].filter((index) => inFrames(frames, index))).to.deep.equal([2, 3, 5]);
    expect(lastFrame(frames)).to.equal(5);
    expect(lastFrame([])).to.equal(0);
  });

  for (const [text, problem] of [
    ["", "a part is empty"],
    ["1,,2", "a part is empty"],
    ["0-3", "packets count from 1"],
    ["9-3", "'9-3' runs backwards"],
    ["one", "'one' is not a number or a range"],
    ["-5", "'-5' is not a number or a range"],
    ["1.5", "'1.5' is not a number or a range"],
  ] as const) {
    it(`refuses '${text}'`, () => {
      expect(() => parseFrames(text)).to.throw(`frames '${text}': ${problem}`);
    });
  }
});
