import { expect } from "chai";
import fc from "fast-check";
import { sameBytes, toHex } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { packetArbitrary, stackArbitrary, unevenStackArbitrary } from "./arbitraries.js";
import { buildPacket } from "./build.js";
import { checkLengths, checkSums } from "./checksum.js";
import { layersOf } from "./layer.js";
import { parsePacket } from "./parse.js";
import { sameValue } from "./pattern.js";
import { hexdump, summary } from "./print.js";

/** Every byte in exactly one layer, every field inside of its layer. */
function requireCovered(packet: Packet): void {
  const { layers, bytes } = parsePacket(packet);
  let offset = 0;
  for (const layer of layers) {
    expect(layer.offsetBytes).to.equal(offset);
    offset += layer.headerBytes;
    for (const field of layer.fields) {
      expect(field.offsetBits).to.be.at.least(layer.offsetBytes * 8);
      expect(field.offsetBits + field.sizeBits).to.be.at.most(offset * 8);
    }
  }
  expect(offset).to.equal(bytes.length);
}

/** Fields given to the builder that the parser sees otherwise. */
function differences(specs: readonly LayerSpec[], packet: Packet): readonly string[] {
  const { layers } = parsePacket(packet);
  const names = layers.map((layer) => layer.protocol).join(" / ");
  if (names !== specs.map((spec) => spec.protocol).join(" / ")) return [`parsed as ${names}`];
  return specs.flatMap((spec, i) =>
    Object.entries(spec.fields)
      .filter(([name, { value }]) => !sameValue(layers[i]!.values[name] ?? "absent", value))
      .map(([name]) => `${spec.protocol}.${name}`),
  );
}

describe("packets", () => {
  it("read back as they were built, whatever the stack", () => {
    fc.assert(
      fc.property(
        fc.oneof({ arbitrary: stackArbitrary, weight: 4 }, { arbitrary: unevenStackArbitrary, weight: 1 }),
        (specs) => {
          expect(differences(specs, buildPacket(specs))).to.deep.equal([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("have right lengths and checksums at every layer unless told otherwise", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          packetArbitrary,
          unevenStackArbitrary.map((specs) => buildPacket(specs)),
        ),
        (packet) => {
          const parsed = parsePacket(packet);
          const wrong = [...checkLengths(parsed), ...checkSums(parsed)].filter((finding) => !finding.ok);
          expect(wrong).to.deep.equal([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("are rebuilt byte for byte from the fields that were read", () => {
    fc.assert(
      fc.property(packetArbitrary, (packet) => {
        const again = buildPacket(layersOf(parsePacket(packet)));
        expect(toHex(again.bytes)).to.equal(toHex(packet.bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("print after being cut off anywhere", () => {
    fc.assert(
      fc.property(packetArbitrary, ({ bytes, linkType }) => {
        for (let size = 0; size <= bytes.length; size++) {
          const packet = { linkType, bytes: bytes.slice(0, size) };
          requireCovered(packet);
          checkSums(parsePacket(packet));
          checkLengths(parsePacket(packet));
          expect(summary(packet)).to.be.a("string");
        }
      }),
      { numRuns: 40 },
    );
  });

  it("print whatever their bytes are", () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 });
    const anyBehindHeaders = fc
      .tuple(packetArbitrary, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }))
      .map(([packet, changes]) => {
        const bytes = packet.bytes.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(anyBytes, anyBehindHeaders), fc.constantFrom("ethernet", "raw-ip"), (bytes, linkType) => {
        const packet = { bytes, linkType } as const;
        requireCovered(packet);
        checkSums(parsePacket(packet));
        checkLengths(parsePacket(packet));
        expect(summary(packet) + hexdump(bytes)).to.be.a("string");
      }),
      { numRuns: 2000 },
    );
  });

  it("are rebuilt byte for byte even where their bytes were changed at random, unless a header is cut off", () => {
    fc.assert(
      fc.property(packetArbitrary, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (packet, changes) => {
        const bytes = packet.bytes.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const parsed = parsePacket({ ...packet, bytes });
        fc.pre(parsed.layers.every((layer) => layer.headerBytes > 0) && parsed.layers[0]!.protocol !== "padding");
        const headerCut = parsed.layers.some((layer) => layer.headerTruncated);
        fc.pre(!headerCut);
        expect(sameBytes(buildPacket(layersOf(parsed)).bytes, bytes)).to.equal(true, summary({ ...packet, bytes }));
      }),
      { numRuns: 1000 },
    );
  });
});
