import { expect } from "chai";
import type { Decoder } from "./decoder.js";
import { invalid } from "./decoder.js";
import { frameRanges } from "./frame-ranges.js";
import { readYaml } from "./read-yaml.js";
import { durationMs, integer, text } from "./scalars.js";

function decode<T>(decoder: Decoder<T>, written: string): T | "refused" {
  const value = decoder.decode(readYaml(written, "x.yml").root!, () => invalid);
  return value === invalid ? "refused" : value;
}

describe("scalars", () => {
  it("takes whole numbers up to both bounds", () => {
    const written = ["0", "1", "9", "10", "0x5", "1.5", "'5'", "1e1", "-1", "99999999999999999999", "~", "[5]"];
    const decoded = written.map((one) => decode(integer(1, 9), one));
    const no = "refused";
    expect(decoded).to.deep.equal([no, 1, 9, no, 5, no, no, no, no, no, no, no]);
  });

  it("takes times with a unit, above nothing and up to an hour", () => {
    const written = ["500ms", "2s", "1.5m", "250us", "10 s", "60m", "60.1m", "0s", "30", "s", "2h", "-1s", "'1s'"];
    const decoded = written.map((one) => decode(durationMs, one));
    const no = "refused";
    expect(decoded).to.deep.equal([500, 2000, 90_000, 0.25, 10_000, 3_600_000, no, no, no, no, no, no, 1000]);
  });

  it("takes texts as they are written", () => {
    const written = ["010", "0x1F", "true", "1.0", "'~'", "~", "{}"];
    const decoded = written.map((one) => decode(text(), one));
    expect(decoded).to.deep.equal(["010", "0x1F", "true", "1.0", "~", "refused", "refused"]);
  });

  it("takes frame numbers in every notation", () => {
    const all = ["7", "1-3,9", "[1-3, 9]", "[2]", "5-5", "4-"].map((one) => decode(frameRanges, one));
    const several = [
      [1, 3],
      [9, 9],
    ];
    expect(all).to.deep.equal([[[7, 7]], several, several, [[2, 2]], [[5, 5]], [[4, Infinity]]]);
    for (const wrong of ["0", "3-1", "x", "-1", "{}", "[[1]]", "1,,2"])
      expect(decode(frameRanges, wrong)).to.equal("refused");
  });
});
