import { expect } from "chai";
import fc from "fast-check";
import { Markers, markerEtherType } from "./marker.js";

const [to, from] = [Uint8Array.of(2, 0, 0, 0, 0, 2), Uint8Array.of(2, 0, 0, 0, 0, 1)];
const secret = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

describe("markers", () => {
  it("are told apart by their numbers", () => {
    const markers = new Markers(secret);
    const made = [1, 2, 3].map(() => markers.make(to, from));
    expect(new Set(made.map(({ number }) => number)).size).to.equal(3);
    for (const { frame, number } of made) expect(markers.numberOf(frame)).to.equal(number);
  });

  it("are frames to and from whom they say", () => {
    const { frame } = new Markers(secret).make(to, from);
    expect([...frame.subarray(0, 12)]).to.deep.equal([...to, ...from]);
    expect(new DataView(frame.buffer).getUint16(12)).to.equal(markerEtherType);
  });

  it("are not taken for another run's", () => {
    const { frame } = new Markers(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)).make(to, from);
    expect(new Markers(secret).numberOf(frame)).to.equal(undefined);
  });

  it("are nothing that a test would send", () => {
    const markers = new Markers(secret);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (frame) => markers.numberOf(frame) === undefined));
  });
});
