import { expect } from "chai";
import { layer } from "../packet/layer.js";
import { buildPacket } from "../packet/build.js";
import { sweepPacket } from "./sweep.js";

describe("sweeps", () => {
  const udp = buildPacket([layer("eth"), layer("ipv4"), layer("udp")]);

  it("cut a packet off at every length that all backends take", () => {
    const sizes = sweepPacket(udp, "truncate", "xdp").map(({ bytes }) => bytes.length);
    expect(sizes).to.deep.equal(Array.from({ length: 42 - 14 + 1 }, (_, i) => 14 + i));
  });

  it("leave an skb the IP header that a test run wants to be whole", () => {
    expect(sweepPacket(udp, "truncate", "sched_cls")[0]!.bytes.length).to.equal(34);
    const arp = buildPacket([layer("eth"), layer("arp")]);
    expect(sweepPacket(arp, "truncate", "sched_cls")[0]!.bytes.length).to.equal(15);
  });

  it("turn every bit round once, and only that", () => {
    const swept = sweepPacket(udp, "bits", "xdp");
    const differences = swept.map(({ bytes }) => {
      const changed = [...bytes].flatMap((byte, i) => (byte === udp.bytes[i] ? [] : [[i, byte ^ udp.bytes[i]!]]));
      return changed.flat().join();
    });
    expect(new Set(differences).size).to.equal(42 * 8);
    expect(differences[0]).to.equal("0,128");
    expect(differences.at(-1)).to.equal("41,1");
  });
});
