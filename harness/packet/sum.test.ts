import { expect } from "chai";
import fc from "fast-check";
import { fromHex } from "../model/hex.js";
import { incrementalUpdate, internetChecksum, onesComplementSum } from "./sum.js";

describe("the Internet checksum", () => {
  it("gives the sums of RFC 1071 §3 and of two well-known headers", () => {
    expect(onesComplementSum(fromHex("0001 f203 f4f5 f6f7"))).to.equal(0xddf2);
    expect(internetChecksum(fromHex("0001 f203 f4f5 f6f7"))).to.equal(0x220d);
    expect(internetChecksum(fromHex("4500 003c 1c46 4000 4006 0000 ac10 0a63 ac10 0a0c"))).to.equal(0xb1e6);
    expect(internetChecksum(fromHex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7"))).to.equal(0xb861);
  });

  it("puts an odd last byte into the high half of a word", () => {
    expect(internetChecksum(fromHex("0102 03"))).to.equal(internetChecksum(fromHex("0102 0300")));
  });

  it("updates as RFC 1624 §4 does, whose corner case its predecessor got wrong", () => {
    expect(incrementalUpdate(0xdd2f, 0x5555, 0x3285)).to.equal(0x0000);
  });

  it("comes out the same recomputed and updated", () => {
    const corner = fc.constantFrom(0, 1, 0xfffe, 0xffff);
    const word = fc.oneof(corner, fc.nat(0xffff));
    const words = fc.array(word, { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.nat(), word, (before, at, value) => {
        const changed = before.with(at % before.length, value);
        const updated = incrementalUpdate(sumOfWords(before), before[at % before.length]!, value);
        const recomputed = sumOfWords(changed);
        // Over nothing but zeroes the sum is +0; updating can only arrive at -0 (RFC 1624 §3).
        if (changed.every((one) => one === 0)) expect(updated % 0xffff).to.equal(recomputed % 0xffff);
        else if (before.some((one) => one !== 0)) expect(updated).to.equal(recomputed);
      }),
      { numRuns: 2000 },
    );
  });

  it("holds 64 KiB of ones", () => {
    expect(onesComplementSum(new Uint8Array(65_536).fill(0xff))).to.equal(0xffff);
  });
});

function sumOfWords(words: readonly number[]): number {
  return internetChecksum(Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff])));
}
