import { expect } from "chai";
import { fixtureObject, planFor, sendStep } from "../kernel/plan-builder.test.js";
import { etherTypesOf, isTagged } from "./ether-types.js";
import { markerEtherType } from "./marker.js";

const addresses = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
const plain = Uint8Array.of(...addresses, 0x88, 0xcc, 0);
const doublyTagged = Uint8Array.of(...addresses, 0x88, 0xa8, 0, 100, 0x81, 0, 0, 200, 0x12, 0x34);
const lengthField = Uint8Array.of(...addresses, 0x00, 0x2e, 0xaa, 0xaa);

function typesFor(...frames: readonly Uint8Array[]): ReadonlySet<number> {
  return etherTypesOf(planFor(fixtureObject("tc_drop"), "tc-ingress", { steps: [sendStep(frames)] }));
}

describe("etherTypesOf", () => {
  it("always has the common ones and the marker's", () => {
    expect([...typesFor()]).to.include.members([0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, markerEtherType]);
  });

  it("adds what is sent, at any depth of tags", () => {
    expect([...typesFor(plain, doublyTagged)]).to.include.members([0x88cc, 0x1234]);
  });

  it("takes a length for none, which would be another kind of socket", () => {
    expect(typesFor(lengthField).has(0x2e)).to.equal(false);
  });

  it("copes with a frame that ends in its tags", () => {
    expect(typesFor(Uint8Array.of(...addresses, 0x81, 0x00)).has(0)).to.equal(false);
  });
});

describe("isTagged", () => {
  it("knows both tags", () => {
    expect([plain, doublyTagged, lengthField].map(isTagged)).to.deep.equal([false, true, false]);
  });
});
