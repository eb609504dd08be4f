import { expect } from "chai";
import fc from "fast-check";
import type { FieldValue } from "../model/packet.js";
import { parseIpv4, parseIpv6 } from "./address.js";
import type { Plain } from "./field-value.js";
import { formatPattern, matchPattern, parsePattern } from "./pattern.js";
import type { FieldDef } from "./protocol.js";
import { findField, findProtocol } from "./protocols.js";

const ttl = findField(findProtocol("ipv4")!, "ttl")!;
const src = findField(findProtocol("ipv4")!, "src")!;
const src6 = findField(findProtocol("ipv6")!, "src")!;
const flags = findField(findProtocol("tcp")!, "flags")!;
const data = findField(findProtocol("payload")!, "data")!;

function matches(def: FieldDef, pattern: Plain, value: FieldValue): boolean {
  return matchPattern(parsePattern(def, pattern), value);
}

function printed(def: FieldDef, pattern: Plain): string {
  return formatPattern(def, parsePattern(def, pattern));
}

describe("patterns", () => {
  it("match numbers by value, list, range, mask and negation", () => {
    const yes: readonly Plain[] = [
      "any",
      63,
      { in: [1, 63] },
      { not: 64 },
      "60..63",
      "63 .. 64",
      { min: 63 },
      { max: 63 },
    ];
    const no: readonly Plain[] = [64, { in: [] }, { not: 63 }, "64..255", { min: 64 }, { max: 62 }, { not: "1..63" }];
    for (const pattern of yes) expect(matches(ttl, pattern, 63), printed(ttl, pattern)).to.equal(true);
    for (const pattern of no) expect(matches(ttl, pattern, 63), printed(ttl, pattern)).to.equal(false);
    expect(matches(ttl, { mask: 0xf0, value: 0x30 }, 63)).to.equal(true);
    expect(matches(ttl, { mask: 0xf0, value: 0x40 }, 63)).to.equal(false);
  });

  it("match flags by some of their bits", () => {
    expect(matches(flags, { mask: "SR", value: "S" }, 0x12)).to.equal(true);
    expect(matches(flags, { mask: "SR", value: "S" }, 0x16)).to.equal(false);
  });

  it("match addresses by prefix, range and list", () => {
    const address = parseIpv4("10.1.2.3");
    for (const pattern of ["10.0.0.0/8", "10.1.2.2/31", "10.1.2.3/32", "0.0.0.0/0", "10.1.2.0..10.1.2.9"]) {
      expect(matches(src, pattern, address), pattern).to.equal(true);
    }
    expect(matches(src, "10.1.2.0/31", address)).to.equal(false);
    expect(matches(src, { in: ["10.1.2.4", "10.1.2.3"] }, address)).to.equal(true);
    expect(matches(src6, "fd00::/8", parseIpv6("fdff::1"))).to.equal(true);
    expect(matches(src6, "fd00::/9", parseIpv6("fdff::1"))).to.equal(false);
  });

  it("match payloads whole, dots included", () => {
    expect(matches(data, "a..b", new TextEncoder().encode("a..b"))).to.equal(true);
    expect(matches(data, { not: "x" }, Uint8Array.of(1))).to.equal(true);
    expect(matches(data, { in: ["x", { hex: "01" }] }, Uint8Array.of(1))).to.equal(true);
  });

  it("print as a failure says them", () => {
    expect(printed(ttl, "any")).to.equal("anything");
    expect(printed(ttl, { in: [1, 2] })).to.equal("one of 1, 2");
    expect(printed(ttl, { not: "1..5" })).to.equal("not 1..5");
    expect(printed(ttl, { min: 5 })).to.equal("at least 5");
    expect(printed(src, "10.1.0.0/16")).to.equal("10.1.0.0/16");
    expect(printed(src, "1.2.3.4/0")).to.equal("0.0.0.0/0");
    expect(printed(src, { mask: "0.255.0.0", value: "0.1.0.0" })).to.equal("0.1.0.0 under the mask 0.255.0.0");
    expect(printed(flags, { mask: "SR", value: "S" })).to.equal("S under the mask SR");
    expect(formatPattern(undefined, { kind: "equals", value: 7n })).to.equal("7");
  });

  it("are refused where nothing could match, or where they are no pattern", () => {
    expect(() => parsePattern(ttl, "9..1")).to.throw("empty range");
    expect(() => parsePattern(ttl, { mask: 1, value: 2 })).to.throw("bits outside of the mask");
    expect(() => parsePattern(ttl, { mask: 1 })).to.throw("belong together");
    expect(() => parsePattern(ttl, { min: 1, not: 2 })).to.throw("mixes several patterns");
    expect(() => parsePattern(ttl, { mim: 1 })).to.throw("is not a pattern");
    expect(() => parsePattern(src, "10.0.0.0/33")).to.throw("longer than the address");
    expect(() => parsePattern(ttl, { in: 5 })).to.throw("takes a list");
  });

  it("match exactly the values between their bounds", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(255), (a, b, value) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        expect(matches(ttl, `${min}..${max}`, value)).to.equal(value >= min && value <= max);
        expect(matches(ttl, { not: { min, max } }, value)).to.equal(value < min || value > max);
      }),
    );
  });
});
