import { expect } from "chai";
import fc from "fast-check";
import { isIPv4, isIPv6 } from "node:net";
import { toHex } from "../model/hex.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./address.js";

const accepts = (parse: (text: string) => Uint8Array, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("addresses", () => {
  it("read every usual way to write a MAC address", () => {
    for (const text of ["02:00:00:00:00:01", "02-00-00-00-00-01", "0200.0000.0001"]) {
      expect(toHex(parseMac(text))).to.equal("020000000001");
    }
    for (const text of ["02:00:00:00:00", "02:00-00:00:00:01", "2:0:0:0:0:1", "02:00:00:00:00:0g", ""]) {
      expect(() => parseMac(text), text).to.throw("is not a MAC address");
    }
  });

  it("refuse IPv4 addresses that programs read differently", () => {
    expect(toHex(parseIpv4("10.0.255.1"))).to.equal("0a00ff01");
    for (const text of ["10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "10.0.0.-1", "0x0a.0.0.1", ""]) {
      expect(() => parseIpv4(text), text).to.throw("is not an IPv4 address");
    }
  });

  it("write IPv6 addresses as RFC 5952 §4 wants", () => {
    const canonical = {
      "2001:0DB8:0:0:0:0:0:1": "2001:db8::1",
      "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
      "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
      "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
      "::ffff:10.0.0.1": "::ffff:a00:1",
      "::": "::",
      "fe80::": "fe80::",
      "::1": "::1",
    };
    for (const [text, wanted] of Object.entries(canonical)) expect(formatIpv6(parseIpv6(text))).to.equal(wanted);
  });

  it("come back from text as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(toHex(parseIpv6(formatIpv6(bytes)))).to.equal(toHex(bytes));
        expect(toHex(parseIpv4(formatIpv4(bytes.slice(0, 4))))).to.equal(toHex(bytes.slice(0, 4)));
        expect(toHex(parseMac(formatMac(bytes.slice(0, 6))))).to.equal(toHex(bytes.slice(0, 6)));
      }),
    );
  });

  it("accept what Node's own parser accepts, and nothing else", () => {
    const almost = fc.stringMatching(/^[0-9a-f:.]{0,30}$/);
    fc.assert(
      fc.property(fc.oneof(almost, fc.ipV6(), fc.ipV4()), (text) => {
        expect(accepts(parseIpv6, text), text).to.equal(isIPv6(text));
        expect(accepts(parseIpv4, text), text).to.equal(isIPv4(text));
      }),
      { numRuns: 2000 },
    );
  });
});
