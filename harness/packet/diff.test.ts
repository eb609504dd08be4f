import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../model/hex.js";
import { packetArbitrary } from "./arbitraries.js";
import { editPacket } from "./build.js";
import { diffPackets, formatDiff } from "./diff.js";
import { layer } from "./layer.js";
import { packetFromText } from "./text.js";

const sent = packetFromText(
  'Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")/IP(id=0, src="10.0.0.1", dst="10.0.1.2")/UDP(sport=40000, dport=9)/Raw(b"hello")',
);

function withByte(offset: number, value: number): typeof sent {
  const bytes = sent.bytes.slice();
  bytes[offset] = value;
  return { ...sent, bytes };
}

const brief = (expected: typeof sent, actual: typeof sent): readonly string[] =>
  diffPackets(expected, actual).map(({ what, expected: was, actual: is }) => `${what}: ${was} → ${is}`);

describe("diffPackets", () => {
  it("finds nothing in equal packets, and something in any others", () => {
    fc.assert(
      fc.property(packetArbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }), (packet, at, flip) => {
        expect(diffPackets(packet, packet)).to.deep.equal([]);
        const bytes = packet.bytes.slice();
        bytes[at % bytes.length]! ^= flip;
        expect(diffPackets(packet, { ...packet, bytes }).length).to.be.at.least(1);
        expect(diffPackets(packet, { ...packet, bytes: packet.bytes.slice(0, -1) }).length).to.be.at.least(1);
      }),
      { numRuns: 1000, seed: 91 },
    );
  });

  it("takes any two packets, cut off wherever", () => {
    const cut = fc.tuple(packetArbitrary, fc.nat()).map(([{ linkType, bytes }, at]) => {
      return { linkType, bytes: bytes.slice(0, at % (bytes.length + 1)) };
    });
    fc.assert(
      fc.property(cut, cut, (expected, actual) => {
        const same = toHex(expected.bytes) === toHex(actual.bytes);
        expect(formatDiff(expected, actual) === "").to.equal(same);
      }),
      { numRuns: 1000, seed: 92 },
    );
  });

  it("gives each field its place in the packet", () => {
    const [ttl, checksum] = diffPackets(sent, editPacket(sent, [layer("ipv4", { ttl: 63 })]));
    expect(ttl).to.deep.include({ what: "ipv4.ttl", layer: 1, offsetBytes: 22, sizeBytes: 1 });
    expect(ttl).to.deep.include({ expected: "64 (0x40)", actual: "63 (0x3f)" });
    expect(checksum).to.deep.include({ what: "ipv4.checksum", offsetBytes: 24, sizeBytes: 2 });
  });

  it("says that a checksum has to differ, where it has to", () => {
    const [ttl, checksum] = diffPackets(sent, editPacket(sent, [layer("ipv4", { ttl: 63 })]));
    expect(ttl!.hint).to.equal(undefined);
    expect(checksum!.hint).to.equal("right for the actual packet: it differs because other fields do");
  });

  it("says that a checksum was forgotten, at the change that it misses", () => {
    const [ttl, ...others] = diffPackets(sent, withByte(22, 63));
    expect(others).to.deep.equal([]);
    expect(ttl!.hint).to.match(/^ipv4\.checksum still is 0x65ca and needs to be 0x66ca now$/);
  });

  it("says that an address change misses two checksums", () => {
    const [address] = diffPackets(sent, withByte(29, 9));
    expect(address!.hint).to.match(/^ipv4\.checksum still is .*; udp\.checksum still is /);
  });

  it("says what a wrong checksum and a wrong length need to be", () => {
    const [length] = diffPackets(sent, withByte(39, 14));
    expect(length).to.include({ what: "udp.length" });
    expect(length!.hint).to.match(/^wrong for the actual packet, which needs 13/);
    const swapped = diffPackets(sent, editPacket(sent, [layer("ipv4", { checksum: 0xca65 })]));
    expect(swapped[0]!.hint).to.match(/^wrong for the actual packet, which needs 0x65ca: .*bytes swapped/);
  });

  it("lines layers up when a tag or a tunnel comes or goes", () => {
    const tagged = packetFromText(
      'Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")/Dot1Q(vlan=7)/IP(id=0, src="10.0.0.1", dst="10.0.1.2")/UDP(sport=40000, dport=9)/Raw(b"hello")',
    );
    expect(brief(sent, tagged)).to.deep.equal(["eth.type: ipv4 (0x0800) → vlan (0x8100)", "vlan: absent → vlan 7"]);
    expect(brief(tagged, sent)).to.deep.equal(["vlan: vlan 7 → absent", "eth.type: vlan (0x8100) → ipv4 (0x0800)"]);
  });

  it("counts layers of the same protocol", () => {
    const tunnel = (ttl: number) =>
      packetFromText(`IP(src="1.1.1.1", dst="2.2.2.2")/IP(src="3.3.3.3", dst="4.4.4.4", ttl=${ttl})/ICMP()`);
    expect(brief(tunnel(9), tunnel(8))[0]).to.equal("ipv4[2].ttl: 9 (0x09) → 8 (0x08)");
  });

  it("is part of the product, word for word", () => {
    expect(formatDiff(sent, sent)).to.equal("");
    expect(`\n${formatDiff(sent, withByte(22, 63))}\n`).to.equal(`
ipv4.ttl         expected 64 (0x40)   actual 63 (0x3f)   at byte 22 (0x16)
                 ipv4.checksum still is 0x65ca and needs to be 0x66ca now
expected packet  eth / ipv4 10.0.0.1 > 10.0.1.2 ttl 64 / udp 40000 > 9 / 5 bytes
actual packet    eth / ipv4 10.0.0.1 > 10.0.1.2 ttl 63 / udp 40000 > 9 / 5 bytes
expected bytes
  0000  02 00 00 00 00 02 02 00  00 00 00 01 08 00 45 00  ..............E.
  0010  00 21 00 00 00 00[40]11  65 ca 0a 00 00 01 0a 00  .!....@.e.......
  0020  01 02 9c 40 00 09 00 0d  0a b6 68 65 6c 6c 6f     ...@......hello
actual bytes
  0000  02 00 00 00 00 02 02 00  00 00 00 01 08 00 45 00  ..............E.
  0010  00 21 00 00 00 00[3f]11  65 ca 0a 00 00 01 0a 00  .!....?.e.......
  0020  01 02 9c 40 00 09 00 0d  0a b6 68 65 6c 6c 6f     ...@......hello
`);
  });

  it("shows a packet that came out empty", () => {
    const empty = { linkType: "ethernet" as const, bytes: new Uint8Array() };
    expect(formatDiff(sent, empty)).to.match(/actual packet +eth \(cut off after 0 bytes\)/);
  });
});
