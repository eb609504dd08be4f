import { expect } from "chai";
import { linkLayer } from "./link-layer.js";

const ethernet = Uint8Array.from({ length: 20 }, (_, i) => i + 1);

describe("linkLayer", () => {
  it("leaves what sees Ethernet alone", () => {
    const { wrapped, unwrap } = linkLayer("sched_cls", { linkType: "ethernet", bytes: ethernet });
    expect(wrapped).to.equal(ethernet);
    expect(unwrap(Uint8Array.of(9))).to.deep.equal(Uint8Array.of(9));
  });

  it("puts back the header that the kernel gave as zeroes", () => {
    const { wrapped, unwrap } = linkLayer("cgroup_skb", { linkType: "ethernet", bytes: ethernet });
    const out = Uint8Array.from(wrapped);
    out.fill(0, 0, 14);
    out[19] = 0xff;
    expect(unwrap(out)).to.deep.equal(
      Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0xff),
    );
  });

  it("gives packets without Ethernet a header for the run, by IP version", () => {
    for (const [first, etherType] of [
      [0x45, [0x08, 0x00]],
      [0x60, [0x86, 0xdd]],
    ] as const) {
      const { wrapped, unwrap } = linkLayer("socket_filter", { linkType: "raw-ip", bytes: Uint8Array.of(first, 7) });
      expect([...wrapped.subarray(12)]).to.deep.equal([...etherType, first, 7]);
      expect([...unwrap(wrapped)]).to.deep.equal([first, 7]);
    }
  });
});
