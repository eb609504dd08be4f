import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../model/hex.js";
import { readUint, writeUint } from "./bits.js";

describe("bit fields", () => {
  it("are read across byte borders, most significant bit first", () => {
    const bytes = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0);
    expect(readUint(bytes, 0, 4)).to.equal(0x1);
    expect(readUint(bytes, 4, 12)).to.equal(0x234);
    expect(readUint(bytes, 12, 20)).to.equal(0x45678);
    expect(readUint(bytes, 0, 64)).to.equal(0x123456789abcdef0n);
  });

  it("come back as written and leave the other bits alone", () => {
    const place = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 64 }));
    fc.assert(
      fc.property(place, fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0x00, 0xff), ([offset, size], any, fill) => {
        const value = any & ((1n << BigInt(size)) - 1n);
        const bytes = new Uint8Array(16).fill(fill);
        writeUint(bytes, offset, size, size > 53 ? value : Number(value));
        expect(BigInt(readUint(bytes, offset, size))).to.equal(value);
        writeUint(bytes, offset, size, fill === 0 ? 0n : (1n << BigInt(size)) - 1n);
        expect(toHex(bytes)).to.equal(toHex(new Uint8Array(16).fill(fill)));
      }),
    );
  });
});
