import { expect } from "chai";
import fc from "fast-check";
import type { Packet } from "../../model/packet.js";
import { packetsOf, readFixture } from "./fixtures.test.js";
import { joinBytes } from "../join-bytes.js";
import { sampleCaptures } from "./sample-captures.js";
import { ClassicWriter } from "./write-classic.js";
import type { CapturedPacket } from "./captured-packet.js";
import { type PcapngPacket, writePcapng } from "./write-pcapng.js";

const maxTimeNs = 2n ** 64n - 1n;

const packet: fc.Arbitrary<Packet> = fc.record({
  linkType: fc.constantFrom("ethernet" as const, "raw-ip" as const),
  bytes: fc.uint8Array({ maxLength: 200 }),
});

const written = fc.record(
  {
    packet,
    interfaceName: fc.string({ maxLength: 40, unit: "grapheme" }),
    timestampNs: fc.bigInt({ min: 0n, max: maxTimeNs }),
    comment: fc.string({ unit: "grapheme" }),
    direction: fc.constantFrom("inbound" as const, "outbound" as const),
    verdict: fc.record({
      program: fc.constantFrom("tc" as const, "xdp" as const),
      returned: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    }),
  },
  { requiredKeys: ["packet", "interfaceName", "timestampNs"] },
);

/** A direction is for Wireshark's eyes. */
function readBack(packet: PcapngPacket, index: number): CapturedPacket {
  const { direction: _direction, originalLength: _length, ...rest } = packet;
  return { ...rest, index, originalLength: rest.packet.bytes.length } as CapturedPacket;
}

describe("writing pcapng", () => {
  it("gives back what was written, in both byte orders", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(written, { maxLength: 8 }), fc.boolean(), async (packets, littleEndian) => {
        const read = await packetsOf(writePcapng(packets, { littleEndian, application: "test" }));
        expect(read).to.deep.equal(packets.map((packet, i) => readBack(packet, i + 1)));
      }),
      { numRuns: 300, seed: 63 },
    );
  });

  it("describes each interface once, and keeps link types apart", () => {
    const one = (interfaceName: string, linkType: Packet["linkType"]) => ({
      interfaceName,
      packet: { linkType, bytes: new Uint8Array(4) },
      timestampNs: 0n,
    });
    const file = writePcapng([
      one("xdp", "ethernet"),
      one("tc", "ethernet"),
      one("xdp", "ethernet"),
      one("xdp", "raw-ip"),
    ]);
    const view = new DataView(file.buffer);
    const types: number[] = [];
    for (let at = 0; at < file.length; at += view.getUint32(at + 4, true)) types.push(view.getUint32(at, true));
    expect(types).to.deep.equal([0x0a0d0d0a, 1, 6, 1, 6, 6, 1, 6]);
  });

  it("refuses a packet that no reader would take back", () => {
    const huge = { linkType: "ethernet" as const, bytes: new Uint8Array(262_145) };
    expect(() => writePcapng([{ packet: huge, interfaceName: "xdp", timestampNs: 0n }])).to.throw(
      "a packet of 262145 bytes cannot be written; expected at most 262144",
    );
  });
});

describe("writing classic pcap", () => {
  const variants = fc.record({ nanoseconds: fc.boolean(), littleEndian: fc.boolean() });
  const packets = fc.array(
    fc.record({
      bytes: fc.uint8Array({ maxLength: 200 }),
      timestampNs: fc.bigInt({ min: 0n, max: (2n ** 32n - 1n) * 1_000_000_000n }),
      cutBytes: fc.nat(2000),
    }),
  );

  it("gives back what was written, in all variants", async () => {
    await fc.assert(
      fc.asyncProperty(packets, variants, async (all, variant) => {
        const writer = new ClassicWriter({ linkType: "ethernet", ...variant });
        const file = joinBytes([
          writer.fileHeader(),
          ...all.map(({ bytes, timestampNs, cutBytes }) =>
            writer.packet({
              packet: { linkType: "ethernet", bytes },
              timestampNs,
              originalLength: bytes.length + cutBytes,
            }),
          ),
        ]);
        const unitNs = variant.nanoseconds ? 1n : 1000n;
        expect(await packetsOf(file)).to.deep.equal(
          all.map(({ bytes, timestampNs, cutBytes }, i) => ({
            packet: { linkType: "ethernet", bytes },
            index: i + 1,
            timestampNs: (timestampNs / unitNs) * unitNs,
            originalLength: bytes.length + cutBytes,
          })),
        );
      }),
      { numRuns: 300, seed: 64 },
    );
  });

  it("has one link type", () => {
    const writer = new ClassicWriter({ linkType: "ethernet" });
    expect(() =>
      writer.packet({ packet: { linkType: "raw-ip", bytes: new Uint8Array(20) }, timestampNs: 0n }),
    ).to.throw("a raw-ip packet in a classic pcap file of ethernet packets");
  });
});

describe("shipped captures", () => {
  it("are what fixtures/pcap/generate.mjs writes", async () => {
    const recorded = await packetsOf(readFixture("real-traffic.pcapng"));
    for (const [name, bytes] of Object.entries(sampleCaptures(recorded))) {
      expect(Uint8Array.from(readFixture(name)), name).to.deep.equal(Uint8Array.from(bytes));
    }
  });
});
