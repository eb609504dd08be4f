import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { FieldValue, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { buildPacket } from "./build.js";
import type { Plain } from "./field-value.js";
import { layer, layersOf } from "./layer.js";
import { parsePacket } from "./parse.js";
import { protocols } from "./protocols.js";
import { encodeFields, zeroOf } from "./header.js";

type Written = string | readonly [string, Plain];

function packet(...layers: readonly Written[]): Packet {
  return buildPacket(layers.map((one) => (typeof one === "string" ? layer(one) : layer(...one))));
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    const [first] = (error as HarnessError).diagnostics;
    return `${first!.message} (${first!.hint ?? ""})`;
  }
  return "accepted";
}

const macs = "020000000002020000000001";

describe("building packets", () => {
  it("writes every byte where the RFCs put it", () => {
    const hex = (...layers: readonly Written[]): string => toHex(packet(...layers).bytes);
    expect(hex("eth", ["arp", { op: "request" }])).to.equal(
      `${macs}0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002`.replaceAll(" ", ""),
    );
    expect(hex("eth", ["vlan", { id: 100, pcp: 5, dei: 1 }], ["payload", "0xff"])).to.equal(`${macs}8100b06488b5ff`);
    // Sums worked out with a few lines of Python.
    expect(hex(["ipv4", { ttl: 1, id: 0x1234, flags: "DF", dscp: 46, ecn: "ce" }], ["payload", "0x01"])).to.equal(
      "45bb00151234400001fd51fb0a0000010a00000201",
    );
    expect(hex("ipv4", ["udp", { sport: 1, dport: 2 }])).to.equal(
      "4500001c00000000401166cf0a0000010a000002" + "000100020008ebd8",
    );
    expect(hex("ipv4", ["tcp", { flags: "S", options: [{ mss: 1460 }, { wscale: 7 }] }])).to.equal(
      "4500003000000000400666c60a0000010a000002" + "9c40005000000000000000007002ffffcd8c0000020405b403030700",
    );
    expect(hex(["ipv6", { flow: 0xabcde, dscp: 46 }], ["payload", "0xaabb"]).slice(0, 20)).to.equal(
      "6b8abcde0002fd40fd00",
    );
    expect(hex("ipv4", ["gre", { key: 7 }], ["payload", "0x01"]).slice(40)).to.equal("200088b50000000701");
    expect(hex("ipv4", "udp", ["vxlan", 0x123456], "eth").slice(56, 72)).to.equal("0800000012345600");
  });

  it("announces what follows, and counts everything inside", () => {
    const inner = ["eth", "ipv4", "tcp", ["payload", "odd"]] as const;
    const { layers } = parsePacket(packet("eth", "qinq", "vlan", "ipv6", "udp", ["geneve", 5], ...inner));
    const values = layers.map((one) => one.values);
    expect(values.slice(0, 3).map((one) => one["type"])).to.deep.equal([0x88a8, 0x8100, 0x86dd]);
    expect(values[3]).to.include({ next: 17, length: 8 + 8 + 14 + 20 + 20 + 3 });
    expect(values[4]).to.include({ dport: 6081, length: 8 + 8 + 14 + 20 + 20 + 3 });
    expect(values[5]).to.include({ protocol: 0x6558 });
    expect(values[7]).to.include({ length: 43, protocol: 6 });
  });

  it("chooses the destination port by what is inside of UDP", () => {
    const port = (...inside: readonly Written[]): unknown =>
      parsePacket(packet("ipv4", "udp", ...inside)).layers[1]!.values["dport"];
    expect(port("vxlan", "eth")).to.equal(4789);
    expect(port(["gue", {}], "ipv4")).to.equal(6080);
    expect(port("ipv6")).to.equal(6080);
    expect(port("dns")).to.equal(53);
    expect(port(["payload", "hello"])).to.equal(53);
  });

  it("leaves padding out of the lengths around it", () => {
    const { layers, bytes } = parsePacket(packet("eth", "ipv4", "udp", ["padding", { size: 18 }]));
    expect(bytes.length).to.equal(60);
    expect(layers[1]!.values["length"]).to.equal(28);
    const tunnel = ["eth", "ipv4", "udp", ["vxlan", 1], "eth", "arp", ["padding", { size: 18 }]] as const;
    expect(parsePacket(packet(...tunnel)).layers[1]!.values["length"]).to.equal(20 + 8 + 8 + 60);
    expect(parsePacket(packet(...tunnel, ["padding", "x"])).layers[1]!.values["length"]).to.equal(20 + 8 + 8 + 60);
  });

  it("writes every automatic field as it is given, however wrong, and nothing else changes", () => {
    const stacks: Record<string, readonly Written[]> = {
      "ipv6-hopopts": ["ipv6", "ipv6-hopopts", "tcp"],
      "ipv6-dstopts": ["ipv6", "ipv6-dstopts", "tcp"],
      "ipv6-routing": ["ipv6", ["ipv6-routing", { addresses: ["fd00::3"] }], "tcp"],
      "ipv6-frag": ["ipv6", "ipv6-frag", "tcp"],
      ah: ["ipv4", "ah", "tcp"],
      tcp: ["ipv4", "tcp"],
      udp: ["ipv4", ["udp", { dport: 99 }]],
      icmp: ["ipv4", "icmp"],
      icmpv6: ["ipv6", "icmpv6"],
      ipv4: ["ipv4", "tcp"],
      ipv6: ["ipv6", "tcp"],
      gre: ["ipv4", ["gre", { flags: "C" }], "ipv4", "tcp"],
      geneve: ["ipv4", "udp", "geneve", "ipv4", "tcp"],
      gue: ["ipv4", "udp", "gue", "ipv4", "tcp"],
      dns: ["ipv4", "udp", ["dns", { questions: ["a"] }]],
      eth: ["eth", "ipv4"],
      vlan: ["eth", "vlan", "ipv4"],
      qinq: ["eth", "qinq", "ipv4"],
    };
    const automatic = protocols.flatMap((one) =>
      one.fields
        .filter((def) => def.automatic && def.automatic !== "flags")
        .map((def) => ({ protocol: one.name, def })),
    );
    expect(automatic.length).to.be.greaterThan(30);
    for (const { protocol, def } of automatic) {
      const specs = stacks[protocol]!.map((one) => (typeof one === "string" ? layer(one) : layer(...one)));
      const index = specs.findIndex((spec) => spec.protocol === protocol);
      const right = parsePacket(buildPacket(specs));
      const field = right.layers[index]!.fields.find((one) => one.def === def)!;
      const wrong = Number(field.value) ^ 1;
      const built = buildPacket(specs.with(index, withField(specs[index]!, def.name, wrong)));
      const bytes = right.bytes.slice();
      const last = (field.offsetBits + field.sizeBits - 1) >> 3;
      const expected = bytes[last]! ^ (1 << (7 - ((field.offsetBits + field.sizeBits - 1) & 7)));
      expect(built.bytes[last], `${protocol}.${def.name}`).to.equal(expected);
      expect(built.bytes.length).to.equal(bytes.length);
    }
  });

  it("fills in lengths that do not fit by their low bits", () => {
    const built = packet("ipv4", ["udp", { dport: 99 }], ["payload", { size: 65_535 }]);
    expect(parsePacket(built).layers[0]!.values["length"]).to.equal((65_535 + 28) % 65_536);
  });

  it("cuts off the finished packet", () => {
    const whole = packet("eth", "ipv4", "tcp");
    const specs = layersOf(parsePacket(whole));
    expect(toHex(buildPacket(specs, { truncateBytes: 20 }).bytes)).to.equal(toHex(whole.bytes.slice(0, 20)));
    expect(refusal(() => buildPacket(specs, { truncateBytes: 55 }))).to.include(
      "has 54 bytes and cannot be cut off after 55",
    );
  });

  it("refuses values that no field of that kind can hold", () => {
    const build = (name: string, field: string, value: FieldValue): string =>
      refusal(() => buildPacket([{ ...layer(name), fields: { [field]: { value, span: layer(name).span } } }]));
    expect(build("ipv4", "ttl", 256)).to.equal("ipv4.ttl cannot hold 256 (it takes a whole number of 8 bits)");
    expect(build("ipv4", "src", "10.0.0.1")).to.equal('ipv4.src cannot hold "10.0.0.1" (it takes 4 bytes)');
    expect(build("ipv4", "src", new Uint8Array(16))).to.include("it takes 4 bytes");
    expect(build("ipv4", "options", "nop")).to.include("it takes a list");
    expect(build("payload", "data", 5)).to.include("it takes bytes");
  });

  it("refuses stacks that nobody can have meant, and says what is missing", () => {
    expect(refusal(() => packet("eth", "tcp"))).to.equal(
      "tcp cannot follow eth directly (put ipv4 or ipv6 between them, or give eth.type a value to build it all the same)",
    );
    expect(refusal(() => packet(["eth", { type: 5 }], "tcp"))).to.equal("accepted");
    expect(refusal(() => packet("tcp"))).to.include("a packet cannot begin with tcp");
    expect(refusal(() => buildPacket([]))).to.include("at least one layer");
    expect(refusal(() => packet("ipv5"))).to.equal("there is no protocol 'ipv5' (did you mean 'ipv4'?)");
    expect(refusal(() => packet(["ipv4", { tll: 1 }]))).to.equal("ipv4 has no field 'tll' (did you mean 'ttl'?)");
    expect(refusal(() => packet("ipv4", ["icmp", { type: "redirect", id: 1 }]))).to.include(
      "icmp with type redirect (0x05) has no field 'id'",
    );
  });
});

describe("the field tables", () => {
  it("are whole bytes, say what every field is, and give variable fields a shape", () => {
    for (const protocol of protocols) {
      const names = protocol.fields.map((def) => def.name);
      expect(new Set(names).size, protocol.name).to.equal(names.length);
      for (const def of protocol.fields) {
        expect(def.doc, `${protocol.name}.${def.name}`).to.not.equal("");
        expect(def.kind === "list", `${protocol.name}.${def.name}`).to.equal(def.codec !== undefined);
        if (def.sizeBits === 0) expect(["bytes", "list"]).to.include(def.kind);
        expect(zeroOf(def)).to.not.equal(undefined);
      }
      if (protocol.shorthand) expect(names).to.include(protocol.shorthand);
      for (let type = 0; type < 256; type++) {
        const { fields } = encodeFields(protocol.fields, { type, flags: type, version: type & 1 });
        const bits = fields.reduce((sum, field) => sum + field.sizeBits, 0);
        expect(bits % 8, `${protocol.name} of type ${type}`).to.equal(0);
      }
    }
  });
});

function withField(spec: LayerSpec, name: string, value: number): LayerSpec {
  return { ...spec, fields: { ...spec.fields, [name]: { value, span: spec.span } } };
}
