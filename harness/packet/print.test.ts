import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import { buildPacket } from "./build.js";
import type { Plain } from "./field-value.js";
import { layer } from "./layer.js";
import { hexdump, summary } from "./print.js";

function line(...layers: readonly (string | readonly [string, Plain])[]): string {
  return summary(buildPacket(layers.map((one) => (typeof one === "string" ? layer(one) : layer(...one)))));
}

describe("one-line summaries", () => {
  it("say of each layer what an engineer looks for first", () => {
    expect(line("eth", ["ipv4", { ttl: 63, dst: "10.0.1.2" }], "udp", ["payload", "hello"])).to.equal(
      "eth / ipv4 10.0.0.1 > 10.0.1.2 ttl 63 / udp 40000 > 53 / 5 bytes",
    );
    expect(line("eth", ["vlan", 7], "ipv6", ["tcp", { flags: "SA", seq: 5, ack: 6 }])).to.equal(
      "eth / vlan 7 / ipv6 fd00::1 > fd00::2 hop limit 64 / tcp 40000 > 80 [SA] seq 5 ack 6 win 65535",
    );
    expect(line("eth", "arp")).to.equal("eth / arp who has 10.0.0.2? tell 10.0.0.1");
    expect(line("eth", ["arp", { op: "reply" }])).to.equal("eth / arp 10.0.0.1 is at 02:00:00:00:00:01");
    expect(line(["ipv4", { flags: "MF", frag_offset: 3, protocol: "udp" }], ["payload", "x"])).to.equal(
      "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 fragment at 24, more to come / 1 byte",
    );
    expect(line("ipv4", ["icmp", { type: "unreachable", code: 4, mtu: 1400 }])).to.equal(
      "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 / icmp unreachable code 4 mtu 1400",
    );
    expect(line("ipv6", ["icmpv6", { type: "ns", target: "fd00::9" }])).to.equal(
      "ipv6 fd00::1 > fd00::2 hop limit 64 / icmpv6 neighbour-solicitation for fd00::9",
    );
    expect(line("ipv4", ["gre", { key: 5 }], "ipv4").split(" / ")[1]).to.equal("gre key 5");
    expect(
      line("ipv4", "udp", [
        "dns",
        { questions: ["example.com"], answers: [{ name: "example.com", data: "192.0.2.1" }] },
      ]).split(" / ")[2],
    ).to.equal("dns response example.com A, 1 answer");
  });

  it("say what is special about a layer", () => {
    const second = (...layers: readonly (string | readonly [string, Plain])[]): string =>
      line(...layers).split(" / ")[1]!;
    expect(second("ipv6", ["ipv6-frag", { offset: 3, more: 1, next: "udp" }], ["payload", "x"])).to.equal(
      "ipv6-frag at 24, more to come",
    );
    expect(second("ipv6", "ipv6-frag", "tcp")).to.equal("ipv6-frag at 0");
    expect(second("ipv6", ["ipv6-routing", { addresses: ["fd00::3"], segments_left: 1 }], "tcp")).to.equal(
      "ipv6-routing type 4, 1 left",
    );
    expect(second("ipv6", ["ipv6-hopopts", { options: [{ "router-alert": 0 }] }], "icmpv6")).to.equal(
      "ipv6-hopopts router-alert 0",
    );
    expect(second("ipv4", ["ah", { spi: 255, seq: 2 }], "tcp")).to.equal("ah spi 0xff seq 2");
    expect(second("ipv4", ["esp", { spi: 16 }], ["payload", "x"])).to.equal("esp spi 0x10 seq 0");
    expect(second("ipv4", ["icmp", { type: "redirect", gateway: "10.0.0.9" }])).to.equal("icmp redirect to 10.0.0.9");
    expect(second("ipv4", ["icmp", { type: 77 }])).to.equal("icmp 77");
    expect(second("ipv6", ["icmpv6", { type: "packet-too-big" }])).to.equal("icmpv6 packet-too-big mtu 1280");
    expect(second("eth", ["arp", { op: "inverse-request" }])).to.equal("arp op 8 10.0.0.1 > 10.0.0.2");
    expect(line("ipv4", "udp", ["geneve", 7]).split(" / ")[2]).to.equal("geneve vni 7");
    expect(line("ipv4", "udp", ["dns", { questions: [{ name: "a.b", type: "AAAA" }] }]).split(" / ")[2]).to.equal(
      "dns query a.b AAAA",
    );
  });

  it("stop after so many layers", () => {
    const tags = Array.from({ length: 40 }, () => "vlan");
    expect(line("eth", ...tags)).to.match(/^eth( \/ vlan 1){31} \/ 9 more layers$/);
  });

  it("say where a packet was cut off", () => {
    const { bytes } = buildPacket([layer("eth"), layer("ipv4"), layer("tcp")]);
    const cut = (size: number): string => summary({ linkType: "ethernet", bytes: bytes.slice(0, size) });
    expect(cut(0)).to.equal("eth (cut off after 0 bytes)");
    expect(cut(20)).to.equal("eth / ipv4 (cut off after 6 bytes)");
    expect(cut(34)).to.equal("eth / ipv4 10.0.0.1 > 10.0.0.2 ttl 64 / tcp (cut off after 0 bytes)");
    expect(summary({ linkType: "raw-ip", bytes: fromHex("00ff") })).to.equal("2 bytes");
  });
});

describe("hex dumps", () => {
  it("show offsets, hex and text, and put marks in brackets", () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => 0x40 + i);
    expect(hexdump(bytes, new Set([0, 7, 8, 15, 16])).split("\n")).to.deep.equal([
      "0000 [40]41 42 43 44 45 46[47  48]49 4a 4b 4c 4d 4e[4f] @ABCDEFGHIJKLMNO",
      `${"0010 [50]51 52 53".padEnd(56)}PQRS`,
    ]);
    expect(hexdump(fromHex("00 7f 41"))).to.equal(`${"0000  00 7f 41".padEnd(56)}..A`);
    expect(hexdump(new Uint8Array())).to.equal("");
  });
});
