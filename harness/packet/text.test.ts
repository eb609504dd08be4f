import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../model/hex.js";
import { HarnessError } from "../model/error.js";
import { packetArbitrary } from "./arbitraries.js";
import { summary } from "./print.js";
import { fromBase64, packetFromText, toBase64, toScapy } from "./text.js";

const frame =
  "02000000000202000000000108004500002100000000401166ca0a0000010a000002" + "9c400035000d0000" + "68656c6c6f";

function errorOf(text: string): string {
  try {
    packetFromText(text);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    expect(error.code).to.equal("packet");
    const { message, hint } = error.diagnostics[0]!;
    return hint ? `${message} (${hint})` : message;
  }
  throw new Error(`${text} was accepted`);
}

describe("packets from text", () => {
  const notations = {
    hex: frame,
    "hex with spaces and lines": frame.replaceAll(/(.{4})/g, "$1 ").replaceAll(/(.{40})/g, "$1\n"),
    "hex with colons": frame.replaceAll(/(..)(?=.)/g, "$1:"),
    "hex with 0x": `0x${frame.toUpperCase()}`,
    "marked hex": `hex: ${frame}`,
    base64: toBase64(fromHex(frame)),
    "marked base64": `base64:${toBase64(fromHex(frame))}`,
    Scapy:
      'Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")/IP(id=0, src="10.0.0.1", dst="10.0.0.2")/UDP(sport=40000, chksum=0)/b"hello"',
    "Scapy over several lines": `Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
       / IP(src='10.0.0.1', dst='10.0.0.2', id=0x0, len=33,)
       / UDP(sport=40_000, dport="domain", chksum=0) / Raw(load="hello")`,
  };
  for (const [notation, text] of Object.entries(notations)) {
    it(notation, () => {
      const packet = packetFromText(text);
      expect(toHex(packet.bytes)).to.equal(frame);
      expect(packet.linkType).to.equal("ethernet");
    });
  }

  it("hex of a bare IP packet needs to be told, Scapy says it", () => {
    const ip = frame.slice(28);
    expect(packetFromText(ip, "raw-ip").linkType).to.equal("raw-ip");
    expect(packetFromText('IP(src="10.0.0.1", dst="10.0.0.2")/UDP()').linkType).to.equal("raw-ip");
  });

  const mistakes: readonly (readonly [text: string, answer: string])[] = [
    ["", "a packet's text is empty (write hex, base64 or Scapy)"],
    [
      frame.slice(1),
      "taken for hex: 93 hex digits: an odd number, so half a byte is missing " +
        "(write whole bytes as two hex digits each, or base64: in front of base64)",
    ],
    [
      // A capital O where a zero is meant: must not pass for base64.
      `O${frame.slice(1)}AA`,
      "taken for hex: 'O' is not a hex digit (write whole bytes as two hex digits each, or base64: in front of base64)",
    ],
    [
      "base64:AgAAAA",
      "taken for base64: 6 base64 characters: expected groups of four, filled up with '=' " +
        "(write hex: in front of hex digits; a Scapy expression begins with a layer, such as Ether())",
    ],
    ["Eter()/IP()", "Scapy text, column 1: no class 'Eter' is known here (did you mean 'Ether'?)"],
    ["IP(dts='10.0.0.1')", "Scapy text, column 4: IP has no field 'dts' (did you mean 'dst'?)"],
    [
      "Ether()/IP(dst='10.0.0.1'",
      "Scapy text, column 26: expected ',' or ')' (for the bracket in column 9), but the text ends",
    ],
    [
      "IP()/TCP(dport=80 flags='S')",
      "Scapy text, column 19: expected ',' or ')' (for the bracket in column 6), but found 'f'",
    ],
    ["IP()//TCP()", "Scapy text, column 6: expected a layer or a value, found '/'"],
    ["IP() TCP()", "Scapy text, column 6: expected '/' or the end, found 'T'"],
    ["IP()/TCP(dport=70000)", "Scapy text, column 16: 70000 does not fit 16 bits"],
    [
      "IP()/TCP(dport=[80,443])",
      "Scapy text, column 16: a list for 'dport' would be several packets; expected one value",
    ],
    ["IP()/TCP(flags='SX')", 'Scapy text, column 16: "X" is no flag (the letters are F, S, R, P, A, U, E, C, N)'],
    ["IP(flags='FD')", 'Scapy text, column 10: "FD" is no flag (they are DF, MF and evil, joined by +)'],
    ['IP()/TCP(options=[("MMS", 1)])', 'Scapy text, column 20: no TCP option is called "MMS" (did you mean "MSS"?)'],
    [
      'IP()/TCP(options=[("MSS", "x", 1)])',
      'Scapy text, column 19: expected a pair of name and value (for example ("MSS", 1460) or ("NOP", None))',
    ],
    ["IP()/ICMP(type=3, seq=1)", "Scapy text, column 19: ICMP whose type is 3 has no field 'seq'"],
    [
      "GRE()",
      "Scapy text, column 1: a packet cannot begin with gre (begin with eth, or with ipv4 or ipv6 for a packet without link-layer header)",
    ],
    ["IP(ttl=1.5)", "Scapy text, column 8: '1.5' is not a whole number"],
    ["IP(ttl=ttl)", "Scapy text, column 8: 'ttl' is no value (a layer is written with brackets: ttl())"],
    ['IP()/b"abc', 'Scapy text, column 6: this string has no end (it needs a closing ")'],
    ['IP()/b"\\q"', "Scapy text, column 8: '\\q' is no escape that bytes have (write bytes as \\xNN)"],
    ['b"x" * 100000', "Scapy text, column 8: 100000 times 1 bytes is more than 65535"],
    ["[".repeat(30), "Scapy text, column 21: more than 20 levels of brackets"],
  ];
  for (const [text, answer] of mistakes) {
    it(`refuses '${text.slice(0, 40)}'`, () => expect(errorOf(text)).to.equal(answer));
  }

  it("an address that is none keeps its column and gains the address parser's words", () => {
    expect(errorOf("IP(dst='10.0.0.300')")).to.match(/^Scapy text, column 8: .*10\.0\.0\.300/);
  });

  it("any text at all is a packet or an error of ours", () => {
    const pieces = fc.constantFrom(
      "IP(",
      "TCP(",
      "Ether()",
      ")",
      "/",
      "b'",
      "'",
      "\\x",
      "[",
      "(",
      ",",
      "=",
      "dst",
      "1",
      "*",
      " ",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          packetFromText(text);
        } catch (error) {
          if (!(error instanceof HarnessError) || error.code !== "packet") throw error;
        }
      }),
      { numRuns: 3000, seed: 71 },
    );
  });
});

describe("packets to text", () => {
  it("Scapy text of any packet builds its bytes again", () => {
    fc.assert(
      fc.property(packetArbitrary, (packet) => {
        expect(packetFromText(toScapy(packet))).to.deep.equal(packet);
      }),
      { numRuns: 1500, seed: 72 },
    );
  });

  it("and so it does for packets that are cut off or have flipped bytes", () => {
    const damage = fc.record({ cut: fc.nat(), at: fc.nat(), value: fc.nat(255) });
    fc.assert(
      fc.property(packetArbitrary, damage, ({ linkType, bytes }, { cut, at, value }) => {
        const damaged = bytes.slice(0, Math.max(1, cut % (bytes.length + 1)));
        damaged[at % damaged.length] = value;
        const text = toScapy({ linkType, bytes: damaged });
        expect(toHex(packetFromText(text).bytes)).to.equal(toHex(damaged));
      }),
      { numRuns: 1500, seed: 73 },
    );
  });

  it("says no more than Scapy needs to be told", () => {
    const text =
      'Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")/Dot1Q(vlan=100)/IP(flags="DF", src="10.0.0.1", dst="10.0.0.2")' +
      '/TCP(sport=40000, flags="SA", options=[("MSS", 1460), ("NOP", None), ("WScale", 7)])/Raw(b"hi")';
    expect(toScapy(packetFromText(text))).to.equal(text);
  });

  it("keeps wrong lengths and checksums, and shows them", () => {
    const text =
      'IP(len=99, chksum=0xdead, src="10.0.0.1", dst="10.0.0.2")/UDP(sport=1, dport=2, len=3, chksum=0x1)/Raw(b"x")';
    expect(toScapy(packetFromText(text))).to.equal(text);
  });

  it("Scapy's padding is in no length", () => {
    const packet = packetFromText(
      'Ether()/IP(src="10.0.0.1", dst="10.0.0.2")/UDP(sport=1, dport=2)/Raw(b"x")/Padding(b"\\x00\\x00")',
    );
    expect(summary(packet)).to.match(/udp 1 > 2 \/ 1 byte \/ padding 2 bytes$/);
  });

  it("base64 is RFC 4648's, both ways", () => {
    const vectors = {
      "": "",
      f: "Zg==",
      fo: "Zm8=",
      foo: "Zm9v",
      foob: "Zm9vYg==",
      fooba: "Zm9vYmE=",
      foobar: "Zm9vYmFy",
    };
    for (const [plain, encoded] of Object.entries(vectors)) {
      expect(toBase64(new TextEncoder().encode(plain))).to.equal(encoded);
      expect(new TextDecoder().decode(fromBase64(encoded))).to.equal(plain);
    }
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBase64(bytes)).to.equal(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(toBase64(bytes))).to.deep.equal(bytes);
      }),
      { seed: 74 },
    );
    expect(() => fromBase64("Zh==")).to.throw("bits that belong to no byte");
    expect(() => fromBase64("Z=g=")).to.throw("groups of four");
  });
});
