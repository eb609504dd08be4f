import { expect } from "chai";
import fc from "fast-check";
import type { Packet } from "../model/packet.js";
import { toHex } from "../model/hex.js";
import { buildPacket } from "../packet/build.js";
import { checkLengths, checkSums } from "../packet/checksum.js";
import { parsePacket } from "../packet/parse.js";
import { repairFrame } from "./repair.js";
import { stacks } from "./stacks.js";

describe("repair", () => {
  it("finds nothing to repair in what the packet builder makes", () => {
    for (const stack of stacks) {
      const { bytes } = buildPacket(stack);
      const repaired = bytes.slice();
      repairFrame(repaired, repaired.length, { lengths: true });
      expect(toHex(repaired), stack.map(({ protocol }) => protocol).join("/")).to.equal(toHex(bytes));
    }
  });

  it("gives damaged packets the lengths and checksums that the oracle wants", () => {
    const plain = stacks.filter((stack) => stack.every(({ protocol }) => !tunnels.includes(protocol)));
    fc.assert(
      fc.property(fc.constantFrom(...plain), fc.nat(0xffff), fc.nat(0xffff), (stack, address, sum) => {
        const { bytes, linkType } = buildPacket(stack);
        const { layers } = parsePacket({ bytes, linkType });
        const network = layers.find(({ protocol }) => protocol === "ipv4" || protocol === "ipv6");
        if (!network) return;
        const view = new DataView(bytes.buffer);
        const isV4 = network.protocol === "ipv4";
        view.setUint16(network.offsetBytes + (isV4 ? 14 : 22), address);
        if (isV4) view.setUint16(network.offsetBytes + 10, sum);
        repairFrame(bytes, bytes.length, { lengths: true });
        expect(wrongIn({ bytes, linkType })).to.deep.equal([]);
      }),
    );
  });

  it("leaves off where headers are cut off", () => {
    for (const stack of stacks) {
      const { bytes } = buildPacket(stack);
      for (let size = 14; size < bytes.length; size++) repairFrame(bytes.slice(0, size), size, { lengths: true });
    }
  });
});

const tunnels = ["gre", "vxlan", "geneve", "gue", "ah", "esp"];

function wrongIn(packet: Packet): string[] {
  const parsed = parsePacket(packet);
  return [...checkSums(parsed), ...checkLengths(parsed)]
    .filter(({ ok }) => !ok)
    .map(({ protocol, field }) => `${protocol}.${field}`);
}
