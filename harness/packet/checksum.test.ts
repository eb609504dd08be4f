import { expect } from "chai";
import fc from "fast-check";
import { fromHex } from "../model/hex.js";
import type { LinkType, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { packetArbitrary } from "./arbitraries.js";
import { buildPacket } from "./build.js";
import { type ChecksumFinding, checkSums, incrementalUpdate, internetChecksum, onesComplementSum } from "./checksum.js";
import { layer } from "./layer.js";
import { fieldOf, parsePacket } from "./parse.js";

const segment = [layer("tcp", { flags: "PA", seq: 1000, ack: 2000 }), layer("payload", "an odd payload!")];
const over4 = [layer("eth"), layer("ipv4"), ...segment];
const over6 = [layer("eth"), layer("ipv6"), ...segment];

function findingOf(packet: Packet, protocol: string, before?: Packet): ChecksumFinding {
  const findings = checkSums(parsePacket(packet), { before: before && parsePacket(before) });
  return findings.find((finding) => finding.protocol === protocol)!;
}

/** The finding for a packet whose checksum of `protocol` is `wrong(right)`. */
function explained(specs: readonly LayerSpec[], protocol: string, wrong: (right: number, packet: Packet) => number) {
  const packet = buildPacket(specs);
  const index = specs.findLastIndex((spec) => spec.protocol === protocol);
  const right = parsePacket(packet).layers[index]!.values["checksum"] as number;
  const bad = specs.with(index, {
    ...specs[index]!,
    fields: { ...specs[index]!.fields, ...sum(wrong(right, packet)) },
  });
  const finding = checkSums(parsePacket(buildPacket(bad))).find((one) => one.layer === index)!;
  expect(finding.ok).to.equal(false);
  expect(finding.expected).to.equal(right);
  return finding.explanation;
}

function sum(value: number): LayerSpec["fields"] {
  return layer("ipv4", { checksum: value }).fields;
}

/** Pseudo-header and segment of the default addresses, summed without the code under test's own pseudo-header. */
function pseudo4(protocol: number, length: number): number {
  const header = fromHex(
    `0a000001 0a000002 00${protocol.toString(16).padStart(2, "0")} ${length.toString(16).padStart(4, "0")}`,
  );
  return onesComplementSum(header);
}

function segmentOf(packet: Packet, offset = 34): Uint8Array {
  const bytes = packet.bytes.slice(offset);
  bytes.fill(0, 16, 18);
  return bytes;
}

describe("the checksum oracle", () => {
  it("agrees with sums that were worked out elsewhere", () => {
    const dump = (hex: string, linkType: LinkType = "raw-ip"): Packet => ({ bytes: fromHex(hex), linkType });
    const frames = {
      // The header that most textbooks show.
      ipv4: dump("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7"),
      // An echo request with 8 zero bytes.
      icmp: dump("4500 0024 0000 4000 4001 26d7 0a00 0001 0a00 0002 0800 f7fd 0001 0001 0000 0000 0000 0000"),
      // Neighbour solicitation for fe80::2 from fe80::1.
      icmpv6: dump(
        "6000 0000 0020 3aff fe80 0000 0000 0000 0000 0000 0000 0001 ff02 0000 0000 0000 0000 0001 ff00 0002" +
          "8700 7a97 0000 0000 fe80 0000 0000 0000 0000 0000 0000 0002 0101 0200 0000 0001",
      ),
    };
    for (const [protocol, packet] of Object.entries(frames)) {
      expect(findingOf(packet, protocol), protocol).to.include({ ok: true, applies: true });
    }
  });

  it("finds every single changed bit of what a sum covers", () => {
    const packet = buildPacket(over4);
    for (let bit = 34 * 8; bit < packet.bytes.length * 8; bit++) {
      const bytes = packet.bytes.slice();
      bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
      // Bits of the data offset and the checksum move what is checked.
      if (bit >> 3 === 34 + 12 && (bit & 7) < 4) continue;
      expect(findingOf({ ...packet, bytes }, "tcp").ok, `bit ${bit}`).to.equal(false);
    }
  });

  it("agrees with incremental updates when any word under a sum changes", () => {
    fc.assert(
      fc.property(packetArbitrary, fc.nat(), fc.nat(0xffff), (packet, pick, word) => {
        const parsed = parsePacket(packet);
        const sums = checkSums(parsed).filter((finding) => finding.applies && finding.actual !== 0);
        fc.pre(sums.length > 0);
        const { layer: index, offsetBytes, actual } = sums[pick % sums.length]!;
        const { offsetBytes: start, headerBytes } = parsed.layers[index]!;
        const at = start + ((pick >> 4) % (headerBytes >> 1)) * 2;
        fc.pre(at !== offsetBytes);
        const bytes = packet.bytes.slice();
        const before = (bytes[at]! << 8) | bytes[at + 1]!;
        bytes.set([word >> 8, word & 0xff], at);
        const after = checkSums(parsePacket({ ...packet, bytes })).find(
          (finding) => finding.offsetBytes === offsetBytes,
        );
        fc.pre(
          after !== undefined &&
            after.applies &&
            parsePacket({ ...packet, bytes }).layers[index]!.headerBytes === headerBytes,
        );
        const sameExtent = parsePacket({ ...packet, bytes }).layers[index]!.endBytes === parsed.layers[index]!.endBytes;
        fc.pre(sameExtent && parsed.layers[index]!.protocol !== "icmpv6");
        expect(after.expected % 0xffff).to.equal(incrementalUpdate(actual, before, word) % 0xffff);
      }),
      { numRuns: 400 },
    );
  });

  it("says what does not apply, and why", () => {
    const why = (specs: readonly LayerSpec[], protocol: string, truncateBytes?: number) => {
      const finding = findingOf(buildPacket(specs, { truncateBytes }), protocol);
      expect(finding).to.include({ ok: true, applies: false });
      return finding.explanation;
    };
    const udp = [layer("udp", { dport: 99 }), layer("payload", "12345678")];
    const zero = layer("udp", { dport: 99, checksum: 0 });
    expect(why([layer("ipv4"), zero], "udp")).to.match(/^zero: not computed/);
    expect(why([layer("ipv4", { flags: "MF" }), ...udp], "udp")).to.match(/^a fragment/);
    expect(why([layer("ipv6"), layer("ipv6-frag", { more: 1 }), ...udp], "udp")).to.match(/^a fragment/);
    expect(why([layer("ipv4"), ...udp], "udp", 30)).to.equal("the packet is cut off");
    const quoted = [layer("ipv4"), layer("icmp", { type: "time-exceeded" }), layer("ipv4"), layer("tcp")];
    expect(why(quoted, "tcp")).to.match(/^part of a quoted packet/);
    const tunnel = [layer("ipv6"), layer("udp", { checksum: 0 }), layer("vxlan", 1), layer("eth"), layer("arp")];
    expect(why(tunnel, "udp")).to.match(/RFC 6935/);
  });

  it("takes an atomic fragment for a whole packet", () => {
    const packet = buildPacket([layer("ipv6"), layer("ipv6-frag"), layer("udp", { dport: 99 })]);
    expect(findingOf(packet, "udp")).to.include({ ok: true, applies: true });
  });

  it("sums the final destination of a routing header, whose segments type 4 lists in reverse", () => {
    const list = { addresses: ["fd00::a", "fd00::b", "fd00::c"] };
    for (const [type, final] of [
      [0, "fd00::c"],
      [2, "fd00::c"],
      [4, "fd00::a"],
    ] as const) {
      const via = [layer("ipv6"), layer("ipv6-routing", { type, segments_left: 2, ...list }), ...segment];
      const direct = [layer("ipv6", { dst: final }), ...segment];
      const checksum = (specs: readonly LayerSpec[]) => fieldOf(parsePacket(buildPacket(specs)), "tcp", "checksum");
      expect(checksum(via), `type ${type}`).to.equal(checksum(direct));
    }
  });

  it("sends a sum that comes out as zero as 0xffff in UDP, and accepts both zeroes elsewhere", () => {
    const sumOf = (port: number) =>
      fieldOf(parsePacket(buildPacket([layer("ipv4"), layer("udp", { sport: port, dport: 99 })])), "udp", "checksum");
    // The port that takes up what the rest of the sum lacks.
    const port = (0 + (sumOf(0) as number)) & 0xffff;
    expect(sumOf(port)).to.equal(0xffff);
    const zeroed = [layer("ipv6"), layer("udp", { dport: 99, checksum: 0 })];
    expect(findingOf(buildPacket(zeroed), "udp")).to.include({ ok: false, applies: true });
    expect(findingOf(buildPacket(zeroed), "udp").explanation).to.include("RFC 8200");
  });

  it("names the one mistake that gives a wrong sum", () => {
    const swap = (right: number): number => ((right & 0xff) << 8) | (right >> 8);
    const size = 35;
    expect(explained(over4, "tcp", swap)).to.include("two bytes swapped");
    expect(explained(over4, "tcp", (right) => ~right & 0xffff)).to.include("not inverted");
    expect(explained(over4, "tcp", () => 0)).to.include("never computed");
    expect(explained(over4, "tcp", (right) => right - 1)).to.include("off by one");
    expect(explained(over4, "tcp", (_, packet) => internetChecksum(segmentOf(packet)))).to.equal(
      "the pseudo-header is missing from it",
    );
    expect(explained(over4, "tcp", () => pseudo4(6, size))).to.include("CHECKSUM_PARTIAL");
    const given = (pseudo: number) => (_: number, packet: Packet) => internetChecksum(segmentOf(packet), pseudo);
    expect(explained(over4, "tcp", given(pseudo4(6, size + 20)))).to.include(
      "a length of 55 (that of the whole ipv4 packet)",
    );
    expect(explained(over4, "tcp", given(pseudo4(6, 15)))).to.include(
      "a length of 15 (that of the payload without its header)",
    );
    expect(explained(over4, "tcp", given(pseudo4(17, size)))).to.include("protocol 17 (udp) instead of 6");
    const reversed = onesComplementSum(fromHex("0100000a 0200000a 0006 0023"));
    expect(explained(over4, "tcp", given(reversed))).to.include("both addresses in host byte order");
    const odd = (_: number, packet: Packet) => {
      const bytes = segmentOf(packet);
      return internetChecksum(Uint8Array.of(...bytes.slice(0, -1), 0, bytes.at(-1)!), pseudo4(6, size));
    };
    expect(explained(over4, "tcp", odd)).to.include("low half of its word");
    expect(
      explained(over4, "tcp", (_, packet) => internetChecksum(segmentOf(packet).slice(0, -1), pseudo4(6, size))),
    ).to.include("odd last byte is missing");
    expect(explained(over4, "tcp", (right) => right ^ 0x1234)).to.equal(undefined);
  });

  it("names mistakes that only some packets allow", () => {
    const next = [
      layer("ipv6", { dst: "fd00::a" }),
      layer("ipv6-routing", { segments_left: 1, addresses: ["2001:db8:1234::b", "fd00::a"] }),
      ...segment,
    ];
    const hop = (_: number, packet: Packet) => {
      const direct = buildPacket([layer("ipv6", { dst: "fd00::a" }), ...segment]);
      expect(packet.bytes.length).to.be.greaterThan(direct.bytes.length);
      return fieldOf(parsePacket(direct), "tcp", "checksum") as number;
    };
    expect(explained(next, "tcp", hop)).to.include("instead of the routing header's last address");

    const tunnel = [layer("ipv4", { src: "192.0.2.1", dst: "192.0.2.2" }), layer("ipv4"), ...segment];
    const outer = buildPacket([layer("ipv4", { src: "192.0.2.1", dst: "192.0.2.2" }), ...segment]);
    expect(explained(tunnel, "tcp", () => fieldOf(parsePacket(outer), "tcp", "checksum") as number)).to.include(
      "addresses of the outer ipv4 header",
    );

    const icmp6 = [...over6.slice(0, 2), layer("icmpv6"), layer("payload", "1234")];
    const without = (_: number, packet: Packet) => {
      const bytes = packet.bytes.slice(54);
      bytes.fill(0, 2, 4);
      return internetChecksum(bytes);
    };
    expect(explained(icmp6, "icmpv6", without)).to.equal("the pseudo-header is missing from it");

    const routed = [layer("ipv4", { ttl: 63 }), ...segment];
    const old = fieldOf(
      parsePacket(buildPacket([layer("ipv4", { ttl: 64 }), ...segment])),
      "ipv4",
      "checksum",
    ) as number;
    expect(explained(routed, "ipv4", () => old)).to.equal("it is right for a ttl of 64, and the header says 63");

    const padded = [layer("eth"), layer("ipv4"), layer("udp", { dport: 99 }), layer("padding", "trailer")];
    const withPadding = (_: number, packet: Packet) => {
      const bytes = packet.bytes.slice(34);
      bytes.fill(0, 6, 8);
      return internetChecksum(bytes, pseudo4(17, 8));
    };
    expect(explained(padded, "udp", withPadding)).to.include("padding");

    const options = [layer("ipv4", { options: [{ "router-alert": 1 }] }), ...segment];
    const fixed = (_: number, packet: Packet) => internetChecksum(packet.bytes.slice(0, 20).fill(0, 10, 12));
    expect(explained(options, "ipv4", fixed)).to.equal("the header's options are missing from it");
  });

  it("knows a forgotten change from the packet before", () => {
    const before = buildPacket(over4);
    const translated = [
      layer("eth"),
      layer("ipv4", { dst: "10.9.9.9", ttl: 63 }),
      layer("tcp", { flags: "PA", seq: 1000, ack: 2000, dport: 8080 }),
      segment[1]!,
    ];
    const right = fieldOf(parsePacket(buildPacket(translated)), "tcp", "checksum") as number;
    const explain = (checksum: number) => {
      const tcp = { ...translated[2]!, fields: { ...translated[2]!.fields, ...sum(checksum) } };
      return findingOf(buildPacket(translated.with(2, tcp)), "tcp", before).explanation;
    };
    const old = fieldOf(parsePacket(before), "tcp", "checksum") as number;
    expect(explain(incrementalUpdate(right, 8080, 80))).to.equal(
      "it was not updated for tcp.dport, which changed from 80 to 8080",
    );
    const address = incrementalUpdate(incrementalUpdate(right, 0x0a09, 0x0a00), 0x0909, 0x0002);
    expect(explain(address)).to.equal(
      "it was not updated for ipv4.dst, which changed from 10.0.0.2 to 10.9.9.9 (it is part of the pseudo-header)",
    );
    expect(explain(old)).to.match(/^it is still that of the packet before \(0x/);
    expect(explain(incrementalUpdate(right, 0, old))).to.include("was not zeroed before summing");
    const rewritten = buildPacket([...translated.slice(0, 3), layer("payload", "an even payload")]);
    const stale = parsePacket(buildPacket(translated)).layers[2]!.values["checksum"] as number;
    const tcp = { ...translated[2]!, fields: { ...translated[2]!.fields, ...sum(stale) } };
    const finding = findingOf(
      buildPacket([...translated.slice(0, 2), tcp, layer("payload", "an even payload")]),
      "tcp",
      buildPacket(translated),
    );
    expect(findingOf(rewritten, "tcp").ok).to.equal(true);
    expect(finding.explanation).to.equal("it was not updated for the bytes behind the tcp header, which changed");
  });
});
