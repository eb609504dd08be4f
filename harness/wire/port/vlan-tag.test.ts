import { expect } from "chai";
import { restoreVlanTag } from "./vlan-tag.js";

describe("restoreVlanTag", () => {
  it("puts the tag between addresses and type", () => {
    const frame = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0x45);
    expect([...restoreVlanTag(frame, 0x88a8, 0x2064)]).to.deep.equal([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      ...[0x88, 0xa8, 0x20, 0x64],
      ...[0x08, 0x00, 0x45],
    ]);
  });
});
