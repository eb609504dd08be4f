import { expect } from "chai";
import type { LayerSpec } from "../model/scenario.js";
import { buildPacket } from "./build.js";
import { checkLengths } from "./checksum.js";
import { layer } from "./layer.js";
import { parsePacket } from "./parse.js";

/** `ipv4.length 41, not 3` for everything that is wrong. */
function wrongLengths(specs: readonly LayerSpec[], truncateBytes?: number): readonly string[] {
  const findings = checkLengths(parsePacket(buildPacket(specs, { truncateBytes })));
  return findings
    .filter(({ ok }) => !ok)
    .map((one) => `${one.protocol}.${one.field} ${one.expected}, not ${one.actual}`);
}

const eth = layer("eth");
const udp = layer("udp", { dport: 99 });
const payload = layer("payload", { size: 40 });

describe("the length oracle", () => {
  it("finds lengths that promise more than there is, and less", () => {
    expect(wrongLengths([eth, layer("ipv4", { length: 100 }), udp, payload])).to.deep.equal([
      "ipv4.length 68, not 100",
    ]);
    // What lies behind the shorter length is outside of the datagram, so the UDP header promises too much.
    expect(wrongLengths([eth, layer("ipv4", { length: 50 }), udp, payload])).to.deep.equal([
      "ipv4.length 68, not 50",
      "udp.length 30, not 48",
    ]);
    expect(wrongLengths([eth, layer("ipv6", { length: 5 }), udp])).to.include("ipv6.length 8, not 5");
    expect(wrongLengths([eth, layer("ipv4"), layer("udp", { dport: 99, length: 9 })])).to.deep.equal([
      "udp.length 8, not 9",
    ]);
    expect(wrongLengths([eth, layer("ipv4", { ihl: 3 }), udp, payload])).to.include("ipv4.ihl 5, not 3");
    expect(wrongLengths([eth, layer("ipv4"), layer("tcp", { data_offset: 15 })])).to.include(
      "tcp.data_offset 5, not 15",
    );
    expect(wrongLengths([eth, layer("ipv4"), udp, payload], 60)).to.deep.equal([
      "ipv4.length 46, not 68",
      "udp.length 26, not 48",
    ]);
  });

  it("allows padding up to Ethernet's least size, in tunnels, too, and nothing beyond", () => {
    const short = [eth, layer("ipv4"), udp];
    expect(wrongLengths([...short, layer("padding", { size: 18 })])).to.deep.equal([]);
    expect(wrongLengths([...short, layer("padding", { size: 19 })])).to.deep.equal(["ipv4.length 47, not 28"]);
    const tunnel = [eth, layer("ipv4"), layer("udp"), layer("vxlan", 1)];
    expect(wrongLengths([...tunnel, ...short, layer("padding", { size: 18 })])).to.deep.equal([]);
  });

  it("counts what it decoded", () => {
    const query = layer("dns", { questions: ["example.com"], question_count: 1, answer_count: 1 });
    const udpTo53 = [eth, layer("ipv4"), layer("udp", { dport: 53 })];
    expect(wrongLengths([...udpTo53, query, layer("payload", { size: 11, fill: 255 })])).to.deep.equal([
      "dns.answer_count 0, not 1",
    ]);
  });

  it("does not ask a fragment for the whole datagram", () => {
    const first = [eth, layer("ipv4", { flags: "MF" }), layer("udp", { dport: 99, length: 3000 }), payload];
    expect(wrongLengths(first)).to.deep.equal([]);
    expect(parsePacket(buildPacket(first)).layers[2]!.truncated).to.equal(false);
  });

  it("leaves quoted packets alone", () => {
    const quoted = [layer("ipv4", { length: 1500 }), layer("udp", { length: 1480 })];
    expect(wrongLengths([eth, layer("ipv4"), layer("icmp", { type: "unreachable" }), ...quoted])).to.deep.equal([]);
  });
});
