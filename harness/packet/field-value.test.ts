import { expect } from "chai";
import fc from "fast-check";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import { valueArbitrary } from "./arbitraries.js";
import { type Plain, describeFieldValue, formatFieldValue, parseFieldValue } from "./field-value.js";
import { sameValue } from "./pattern.js";
import type { FieldDef } from "./protocol.js";
import { findField, findProtocol, protocols } from "./protocols.js";

function def(protocol: string, field: string): FieldDef {
  return findField(findProtocol(protocol)!, field)!;
}

function parse(protocol: string, field: string, plain: Plain) {
  return parseFieldValue(def(protocol, field), plain);
}

/** `message (hint)` of the error. */
function refusal(protocol: string, field: string, plain: Plain): string {
  try {
    return `accepted as ${String(parse(protocol, field, plain))}`;
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    const [first] = (error as HarnessError).diagnostics;
    return `${first!.message}${first!.hint ? ` (${first!.hint})` : ""}`;
  }
}

describe("field values", () => {
  it("are numbers in any usual base, or names", () => {
    for (const plain of [6, 6n, "6", "0x06", "0b110", "tcp", "TCP"])
      expect(parse("ipv4", "protocol", plain)).to.equal(6);
    expect(parse("eth", "type", "ipv6")).to.equal(0x86dd);
    expect(parse("icmpv6", "type", "ns")).to.equal(135);
    expect(parse("vlan", "dei", true)).to.equal(1);
  });

  it("have the numbers that IANA gave their names", () => {
    const assigned: readonly (readonly [string, string, Readonly<Record<string, number>>])[] = [
      ["eth", "type", { arp: 0x0806, vlan: 0x8100, qinq: 0x88a8, ipv6: 0x86dd, lldp: 0x88cc, mpls: 0x8847 }],
      [
        "ipv4",
        "protocol",
        { icmp: 1, igmp: 2, ipv4: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47, esp: 50, ah: 51, sctp: 132 },
      ],
      [
        "ipv6",
        "next",
        { "ipv6-hopopts": 0, "ipv6-routing": 43, "ipv6-frag": 44, icmpv6: 58, none: 59, "ipv6-dstopts": 60 },
      ],
      ["icmp", "type", { "echo-reply": 0, unreachable: 3, redirect: 5, echo: 8, "time-exceeded": 11, timestamp: 13 }],
      [
        "icmpv6",
        "type",
        { "packet-too-big": 2, echo: 128, "mld-query": 130, rs: 133, ra: 134, ns: 135, na: 136, "mld2-report": 143 },
      ],
      ["arp", "op", { request: 1, reply: 2, "inverse-request": 8 }],
      ["dns", "rcode", { servfail: 2, nxdomain: 3, refused: 5 }],
      ["ipv4", "ecn", { "not-ect": 0, ect1: 1, ect0: 2, ce: 3 }],
    ];
    for (const [protocol, field, names] of assigned) {
      for (const [name, number] of Object.entries(names)) expect(parse(protocol, field, name), name).to.equal(number);
    }
  });

  it("write TCP flags as letters, names or lists", () => {
    for (const plain of ["SA", "AS", "syn+ack", "S,A", "SYN|ACK", "0x12", 18])
      expect(parse("tcp", "flags", plain)).to.equal(0x12);
    expect(parse("tcp", "flags", ["syn", "A"])).to.equal(0x12);
    expect(parse("tcp", "flags", "none")).to.equal(0);
    expect(parse("ipv4", "flags", "DF")).to.equal(2);
    expect(parse("ipv4", "flags", ["DF", "MF"])).to.equal(3);
    expect(formatFieldValue(def("tcp", "flags"), 0x12)).to.equal("SA");
    expect(formatFieldValue(def("ipv4", "flags"), 3)).to.equal("DF+MF");
    expect(formatFieldValue(def("tcp", "flags"), 0)).to.equal("none");
  });

  it("write payloads as text, hex, bytes or a size", () => {
    const hex = (plain: Plain): string => toHex(parse("payload", "data", plain) as Uint8Array);
    expect(hex("hé")).to.equal("68c3a9");
    expect(hex("0xdead")).to.equal("dead");
    expect(hex({ hex: "de ad" })).to.equal("dead");
    expect(hex({ text: "0x" })).to.equal("3078");
    expect(hex([1, 255])).to.equal("01ff");
    expect(hex({ size: 3, fill: 7 })).to.equal("070707");
    expect(hex(12)).to.equal("3132");
    expect(hex(null)).to.equal("");
  });

  it("are refused with what would have been right", () => {
    const cases: readonly (readonly [string, string, Plain, string])[] = [
      ["ipv4", "ttl", 256, "ttl 256 does not fit into 8 bits (it has to be from 0 to 255)"],
      ["ipv4", "ttl", -1, "ttl -1 does not fit into 8 bits (it has to be from 0 to 255)"],
      ["ipv4", "ttl", 1.5, "ttl 1.5 is not a whole number that can be held exactly"],
      ["ipv4", "ttl", "many", 'ttl "many" is not a number'],
      ["ipv4", "protocol", "tpc", "protocol has no value 'tpc' (did you mean 'tcp'?)"],
      ["tcp", "flags", "SX", "flags has no value 'SX' (did you mean 'S'?)"],
      ["tcp", "flags", 512, "flags 512 does not fit into 9 bits (it has to be from 0 to 511)"],
      [
        "ipv4",
        "src",
        "10.0.0.999",
        "'10.0.0.999' is not an IPv4 address (write four numbers from 0 to 255 without leading zeroes, as 10.0.0.1)",
      ],
      [
        "eth",
        "dst",
        20000000001,
        'dst 20000000001 is not an address (write it as text, for example "02:00:00:00:00:01" (YAML reads unquoted digits and colons as a number))',
      ],
      ["payload", "data", "0xabc", "3 hex digits: an odd number, so half a byte is missing"],
      [
        "payload",
        "data",
        { size: 70000 },
        'data {"size":70000} is not bytes (use text, hex, or size (at most 65535) and fill)',
      ],
      ["payload", "data", { length: 5 }, 'data "length" is not a way to write bytes (use text, hex, or size and fill)'],
      ["tcp", "options", ["mas"], "options: no option is called 'mas' (did you mean 'mss'?)"],
      ["tcp", "options", [{ mss: 1, wscale: 2 }], 'options: {"mss":1,"wscale":2} is not one option'],
      [
        "tcp",
        "options",
        [{ timestamps: { valeu: 1 } }],
        "options.timestamps has no field 'valeu' (did you mean 'value'?)",
      ],
      [
        "tcp",
        "options",
        [{ mss: 65536 }],
        "options.mss 65536 does not fit into 16 bits (it has to be from 0 to 65535)",
      ],
    ];
    for (const [protocol, field, plain, wanted] of cases) expect(refusal(protocol, field, plain)).to.include(wanted);
  });

  it("are described with the number behind the name", () => {
    expect(describeFieldValue(def("ipv4", "ttl"), 63)).to.equal("63 (0x3f)");
    expect(describeFieldValue(def("eth", "type"), 0x800)).to.equal("ipv4 (0x0800)");
    expect(describeFieldValue(def("ipv4", "checksum"), 0x1c46)).to.equal("0x1c46");
    expect(describeFieldValue(def("tcp", "flags"), 0x12)).to.equal("SA (0x012)");
    expect(describeFieldValue(def("payload", "data"), new TextEncoder().encode("GET / HTTP/1.1"))).to.equal(
      "GET / HTTP/1.1",
    );
    expect(describeFieldValue(def("payload", "data"), new TextEncoder().encode("0x41"))).to.equal("0x30783431");
    expect(describeFieldValue(def("payload", "data"), Uint8Array.of(0x41, 0x0a))).to.equal("0x410a");
    expect(describeFieldValue(def("eth", "src"), new Uint8Array(6))).to.equal("00:00:00:00:00:00");
  });

  it("read back from how they are written, for every fixed field of every protocol", () => {
    const fields = protocols.flatMap((protocol) => protocol.fields).filter((one) => one.kind !== "list");
    for (const field of fields) {
      fc.assert(
        fc.property(valueArbitrary(field), (value) => {
          const text = formatFieldValue(field, value);
          expect(sameValue(parseFieldValue(field, text), value), `${field.name} ${text}`).to.equal(true);
        }),
        { numRuns: 30 },
      );
    }
  });
});
