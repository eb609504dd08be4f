import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../model/hex.js";
import type { FieldValue } from "../model/packet.js";
import type { ListCodec, Values } from "./protocol.js";
import { findField, findProtocol, protocols } from "./protocols.js";
import { sameValue } from "./pattern.js";

function codecOf(protocol: string, field = "options"): ListCodec {
  return findField(findProtocol(protocol)!, field)!.codec!;
}

function decode(codec: ListCodec, hex: string): readonly FieldValue[] {
  const bytes = fromHex(hex);
  return codec.decode({ bytes, layerBytes: 0, startBytes: 0, endBytes: bytes.length, values: {} }).items;
}

function encode(codec: ListCodec, ...items: readonly unknown[]): string {
  return toHex(codec.encode(codec.parse(items, "options"), new Uint8Array()));
}

const tcp = codecOf("tcp");

describe("options", () => {
  it("of a SYN as Linux sends it", () => {
    const hex = "020405b40402080a0000000100000000" + "01030307";
    const items = [
      { mss: 1460 },
      { "sack-permitted": true },
      { timestamps: { value: 1, echo: 0 } },
      "nop",
      { wscale: 7 },
    ];
    expect(decode(tcp, hex)).to.deep.equal(items);
    expect(encode(tcp, { mss: 1460 }, "sack-permitted", { timestamps: { value: 1 } }, "nop", { wscale: 7 })).to.equal(
      hex,
    );
    expect(tcp.format(items)).to.equal("mss 1460, sack-permitted, timestamps value 1 echo 0, nop, wscale 7");
  });

  it("repeat where the protocol says so", () => {
    const sack = [
      {
        sack: [
          { left: 1, right: 2 },
          { left: 3, right: 4 },
        ],
      },
    ];
    expect(encode(tcp, ...sack)).to.equal("051200000001000000020000000300000004" + "0000");
    expect(decode(tcp, "051200000001000000020000000300000004" + "0000")).to.deep.equal(sack);
  });

  it("that are unknown or of an odd size keep their bytes", () => {
    expect(decode(tcp, "fd04abcd")).to.deep.equal([{ kind: 253, data: Uint8Array.of(0xab, 0xcd) }]);
    expect(decode(tcp, "02060102030400")).to.deep.equal([{ kind: 2, data: Uint8Array.of(1, 2, 3, 4) }, "eol"]);
    expect(decode(tcp, "0a00")).to.deep.equal([{ raw: Uint8Array.of(10, 0) }]);
    expect(decode(tcp, "01fe09ff")).to.deep.equal(["nop", { raw: Uint8Array.of(0xfe, 9, 0xff) }]);
    expect(decode(tcp, "00ff0000")).to.deep.equal(["eol", { raw: Uint8Array.of(0xff, 0, 0) }]);
  });

  it("do not list the padding that is always there, but list any other", () => {
    expect(decode(tcp, "03030700")).to.deep.equal([{ wscale: 7 }]);
    expect(decode(tcp, "0303070000000000")).to.deep.equal([{ wscale: 7 }, "eol", "eol", "eol", "eol", "eol"]);
    expect(tcp.parse([{ wscale: 7 }, "eol"], "options")).to.deep.equal([{ wscale: 7 }]);
    const hopByHop = codecOf("ipv6-hopopts");
    expect(encode(hopByHop)).to.equal("010400000000");
    expect(encode(hopByHop, { "router-alert": 0 })).to.equal("050200000100");
    expect(decode(hopByHop, "050200000100")).to.deep.equal([{ "router-alert": 0 }]);
    expect(encode(hopByHop, { jumbo: 65536 })).to.equal("c20400010000");
  });

  it("of IPv4, neighbour discovery and Geneve", () => {
    expect(encode(codecOf("ipv4"), { "record-route": { route: ["10.0.0.1"] } }, "nop")).to.equal("0707040a00000101");
    expect(encode(codecOf("icmpv6"), { "source-address": "02:00:00:00:00:01" })).to.equal("0101020000000001");
    expect(decode(codecOf("icmpv6"), "0501000000000578")).to.deep.equal([{ mtu: { reserved: 0, mtu: 1400 } }]);
    expect(decode(codecOf("icmpv6"), "0500000000000578")).to.deep.equal([{ raw: fromHex("0500000000000578") }]);
    expect(encode(codecOf("geneve"), { class: 0x102, type: 0x80, data: "0xaabb" })).to.equal("01028001aabb0000");
  });

  it("survive decoding and encoding byte for byte, whatever they are", () => {
    const codecs = protocols.flatMap((one) => one.fields.filter((def) => def.codec).map((def) => ({ one, def })));
    for (const { one, def } of codecs.filter(({ one }) => one.name !== "dns")) {
      const unit = one.name === "ipv4" || one.name === "tcp" || one.name === "geneve" ? 4 : 8;
      const short = ["ipv6-hopopts", "ipv6-dstopts"].includes(one.name) ? 2 : 0;
      const known = fc.constantFrom("0204", "0303", "0101", "0502", "0000", "c204", "0102", "08", "01");
      const anyBytes = fc
        .tuple(fc.array(known, { maxLength: 6 }), fc.uint8Array({ maxLength: 40 }))
        .map(([words, tail]) => Uint8Array.from([...fromHex(words.join("")), ...tail]))
        .map((bytes) => bytes.slice(0, Math.max(0, bytes.length - ((bytes.length + short) % unit))))
        .filter((bytes) => (bytes.length + short) % unit === 0);
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          const { items } = def.codec!.decode({
            bytes,
            layerBytes: 0,
            startBytes: 0,
            endBytes: bytes.length,
            values: {},
          });
          expect(toHex(def.codec!.encode(items, new Uint8Array())), one.name).to.equal(toHex(bytes));
          expect(def.codec!.format(items)).to.be.a("string");
          const again = def.codec!.parse(items, "options");
          expect(sameValue(again, items), `${one.name} ${def.codec!.format(items)}`).to.equal(true);
        }),
        { numRuns: 300 },
      );
    }
  });

  it("are refused one by one, with their place", () => {
    const refusal =
      (codec: ListCodec, ...items: readonly unknown[]) =>
      () =>
        codec.parse(items, "options");
    expect(refusal(tcp, 5)).to.throw("options: 5 is not an option");
    expect(refusal(tcp, { timestamps: 5 })).to.throw("options.timestamps 5 is not a map");
    expect(refusal(tcp, { kind: 253, dat: "0x00" })).to.throw("'dat' does not belong");
    expect(refusal(tcp, { kind: 256 })).to.throw("does not fit into 8 bits");
    expect(refusal(tcp, { kind: 253, data: { size: 300 } })).to.throw("too long for one option");
    expect(refusal(codecOf("geneve"), { data: { size: 125 } })).to.throw("at most 124 bytes");
  });

  it("written by number become the named ones that they are", () => {
    const [option] = tcp.parse([{ kind: 2, data: "0x05b4" }], "options") as readonly Values[];
    expect(option).to.deep.equal({ mss: 1460 });
  });
});
