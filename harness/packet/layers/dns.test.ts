import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../model/hex.js";
import { domainNameArbitrary } from "../arbitraries.js";
import { buildPacket, editPacket } from "../build.js";
import type { Plain } from "../field-value.js";
import { layer } from "../layer.js";
import { fieldOf, parsePacket } from "../parse.js";
import { summary } from "../print.js";
import type { Values } from "../protocol.js";
import { decodeName, encodeName, parseName } from "./dns-name.js";

const wire = (hex: string): Uint8Array => fromHex(hex.replace(/[g-z]/gi, ""));

function read(hex: string, at = 0) {
  const bytes = wire(hex);
  return decodeName(bytes, 0, at, bytes.length);
}

function message(fields: { readonly [name: string]: Plain }) {
  return buildPacket([layer("ipv4"), layer("udp"), layer("dns", fields)]);
}

describe("DNS names", () => {
  it("follow compression pointers backwards", () => {
    const bytes = "01 61 02 62 63 00   03 77 77 77 c0 02   c0 06";
    expect(read(bytes)).to.deep.equal({ name: "a.bc", endBytes: 6 });
    expect(read(bytes, 6)).to.deep.equal({ name: "www.bc", endBytes: 12 });
    expect(read(bytes, 12)).to.deep.equal({ name: "www.bc", endBytes: 14 });
    expect(read("00")).to.deep.equal({ name: ".", endBytes: 1 });
  });

  it("end at loops, forward pointers, cut-off labels, reserved bits and names that are too long", () => {
    for (const hex of ["c000", "0161c000", "c00400000161 00", "c0", "0361", "01", "4161", "8161", ""]) {
      expect(read(hex), hex).to.equal(undefined);
    }
    expect(read("0161c000 c002", 4)).to.equal(undefined);
    const label = `3f${"61".repeat(63)}`;
    expect(read(`${label.repeat(3)}3d${"61".repeat(61)}00`)?.name.length).to.equal(253);
    expect(read(`${label.repeat(3)}3e${"61".repeat(62)}00`)).to.equal(undefined);
  });

  it("escape what a dot or a control character would spoil", () => {
    expect(read("03 612e62 01 0a 01 5c 02 c3a9 00")?.name).to.equal("a\\.b.\\010.\\\\.\\195\\169");
    expect(parseName("a\\.b.\\010").map((label) => toHex(label))).to.deep.equal(["612e62", "0a"]);
    expect(parseName("example.com.").length).to.equal(2);
    for (const text of ["a..b", ".a", `${"x".repeat(64)}.com`, "\\256"]) expect(() => parseName(text), text).to.throw();
  });

  it("come back from the wire as written, compressed or not", () => {
    fc.assert(
      fc.property(fc.array(domainNameArbitrary, { minLength: 1, maxLength: 5 }), (names) => {
        let bytes = new Uint8Array();
        const starts = names.map((name) => {
          const at = bytes.length;
          bytes = Uint8Array.from([...bytes, ...encodeName(name, bytes)]);
          return at;
        });
        const again = starts.map((at) => decodeName(bytes, 0, at, bytes.length)!.name);
        expect(again).to.deep.equal(names);
      }),
    );
  });
});

describe("DNS messages", () => {
  it("are written with compressed names", () => {
    const packet = message({
      id: 0x1234,
      questions: ["www.example.com"],
      answers: [
        { name: "www.example.com", type: "CNAME", data: "web.example.com", ttl: 60 },
        { name: "web.example.com", data: "192.0.2.1" },
      ],
    });
    expect(toHex(packet.bytes.slice(28))).to.equal(
      toHex(
        wire(
          "1234 8100 0001 0002 0000 0000" +
            "03777777 076578616d706c65 03636f6d 00 0001 0001" +
            "c00c 0005 0001 0000003c 0006 03776562 c010" +
            "c02d 0001 0001 0000012c 0004 c0000201",
        ),
      ),
    );
    expect(summary(packet)).to.match(/dns response www\.example\.com A, 2 answers$/);
  });

  it("read every record type that has a text form, and keep the rest as bytes", () => {
    const answers: readonly Plain[] = [
      { name: "a", type: "AAAA", data: "2001:db8::1" },
      { name: "a", type: "TXT", data: ["v=spf1", "-all"] },
      { name: "a", type: "NS", data: "ns.a" },
      { name: "a", type: "MX", data: "0x000a0161 00" },
      { name: ".", type: "OPT", class: 1232, ttl: 0, data: null },
      { name: "a", type: "A", data: "0x010203" },
    ];
    const records = fieldOf(parsePacket(message({ answers })), "dns", "answers") as readonly Values[];
    expect(records.map(({ data }) => (data instanceof Uint8Array ? toHex(data) : data))).to.deep.equal([
      "20010db8000000000000000000000001",
      ["v=spf1", "-all"],
      "ns.a",
      "000a016100",
      "",
      "010203",
    ]);
    expect(records[4]).to.include({ name: ".", type: 41, class: 1232, ttl: 0 });
  });

  it("end at the first record that makes no sense; the rest stays payload", () => {
    const bytes = message({ questions: ["a.b"], answers: [{ name: "a.b", data: "192.0.2.1" }] }).bytes.slice();
    const lengthAt = bytes.length - 6;
    bytes.set([0xff, 0xff], lengthAt);
    const { layers } = parsePacket({ linkType: "raw-ip", bytes });
    expect(layers.map(({ protocol }) => protocol)).to.deep.equal(["ipv4", "udp", "dns", "payload"]);
    expect(layers[2]!.values["answers"]).to.deep.equal([]);
  });

  it("are not seen in text that happens to go to port 53", () => {
    const packet = buildPacket([layer("ipv4"), layer("udp"), layer("payload", "hello, hello, hello")]);
    expect(parsePacket(packet).layers[2]!.protocol).to.equal("payload");
  });

  it("can be edited, names and all", () => {
    const packet = message({ questions: ["example.com"] });
    const after = parsePacket(editPacket(packet, [layer("dns", { questions: ["a.example.com", "example.com"] })]));
    expect(after.layers[2]!.values).to.deep.include({ question_count: 2 });
    expect((after.layers[2]!.values["questions"] as readonly Values[]).map(({ name }) => name)).to.deep.equal([
      "a.example.com",
      "example.com",
    ]);
  });

  it("are refused with the field at fault", () => {
    expect(() => message({ questions: [{ nmae: "a" }] })).to.throw("has no field 'nmae'");
    expect(() => message({ answers: [{ name: "a" }] })).to.throw("has no data");
    expect(() => message({ answers: [{ name: "a", type: "A", data: "x" }] })).to.throw("is not an IPv4 address");
    expect(() => message({ questions: ["a..b"] })).to.throw("is not a domain name");
    expect(() => message({ answers: [{ name: "a", type: "TXT", data: "x".repeat(256) }] })).to.throw(
      "at most 255 bytes",
    );
  });
});
