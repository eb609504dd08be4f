import { expect } from "chai";
import { whyTestRunRefuses } from "./test-run-input.js";

/** What Linux 6.18 answered with EINVAL, and what it took, length by length. */
const shortest = [
  { etherType: 0x0800, bytes: 34 },
  { etherType: 0x86dd, bytes: 54 },
  { etherType: 0x0806, bytes: 14 },
];

describe("packets that a test run takes", () => {
  for (const { etherType, bytes } of shortest) {
    it(`of EtherType 0x${etherType.toString(16)} begin at ${bytes} bytes for skb programs`, () => {
      expect(whyTestRunRefuses("sched_cls", frame(etherType, bytes - 1))).to.be.a("string");
      expect(whyTestRunRefuses("sched_cls", frame(etherType, bytes))).to.equal(undefined);
    });
  }

  it("are Ethernet headers alone for XDP", () => {
    expect(whyTestRunRefuses("xdp", frame(0x0800, 13))).to.be.a("string");
    expect(whyTestRunRefuses("xdp", frame(0x0800, 14))).to.equal(undefined);
  });
});

function frame(etherType: number, length: number) {
  const bytes = new Uint8Array(length);
  if (length >= 14) new DataView(bytes.buffer).setUint16(12, etherType);
  return { linkType: "ethernet" as const, bytes };
}
