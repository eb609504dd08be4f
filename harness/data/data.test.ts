import { expect } from "chai";
import fc from "fast-check";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { DataType } from "../model/object.js";
import { asDecoded, dataTypes, intType, type Plain, valuesOf, writtenOf } from "./arbitraries.js";
import { decodeData } from "./decode.js";
import { encodeData } from "./encode.js";
import { formatData } from "./format.js";
import { compilePattern, matchData } from "./pattern.js";

const typeAndValue = dataTypes.chain((type) => fc.tuple(fc.constant(type), valuesOf(type)));

function encode(type: DataType | undefined, plain: Plain, sizeBytes = type?.sizeBytes ?? 0): string {
  return toHex(encodeData(type, sizeBytes, writtenOf(plain)));
}

/** Messages, each with the line that it points at and its hint. */
function problems(type: DataType | undefined, plain: Plain, sizeBytes = type?.sizeBytes ?? 0): readonly string[] {
  try {
    encodeData(type, sizeBytes, writtenOf(plain));
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return error.diagnostics.map(
      ({ message, span, hint }) => `${span!.start.line}: ${message}${hint ? ` (${hint})` : ""}`,
    );
  }
  return [];
}

const u8 = intType("__u8", 1);
const u16 = intType("__u16", 2);
const u32 = intType("__u32", 4);
const u64 = intType("__u64", 8);
const be16 = intType("__be16", 2, { bigEndian: true });
const be32 = intType("__be32", 4, { bigEndian: true });
const char = intType("char", 1, { encoding: "char", signed: true });

function array(element: DataType, length: number): DataType {
  return { kind: "array", element, length, sizeBytes: element.sizeBytes * length };
}

function struct(
  name: string,
  members: Readonly<Record<string, DataType>>,
  kind: "struct" | "union" = "struct",
): DataType {
  let endBits = 0;
  const list = Object.entries(members).map(([member, type]) => {
    const offsetBits = kind === "union" ? 0 : endBits;
    endBits = Math.max(endBits, offsetBits + type.sizeBytes * 8);
    return { name: member.startsWith("_") ? "" : member, offsetBits, bitfieldBits: undefined, type };
  });
  return { kind, name, sizeBytes: endBits / 8, members: list };
}

describe("data of any type", () => {
  it("is decoded as it was encoded", () => {
    fc.assert(
      fc.property(typeAndValue, ([type, plain]) => {
        const bytes = encodeData(type, type.sizeBytes, writtenOf(plain));
        expect(decodeData(type, bytes)).to.deep.equal(asDecoded(type, plain));
      }),
    );
  });

  it("matches itself as a pattern, and fails in one place at most where one bit differs", () => {
    fc.assert(
      fc.property(typeAndValue, fc.nat(), fc.nat(7), ([type, plain], at, bit) => {
        const bytes = encodeData(type, type.sizeBytes, writtenOf(plain));
        const pattern = compilePattern(type, type.sizeBytes, writtenOf(plain));
        expect(matchData(type, type.sizeBytes, pattern, bytes)).to.deep.equal([]);
        const other = bytes.slice();
        other[at % other.length]! ^= 1 << bit;
        const differences = matchData(type, type.sizeBytes, pattern, other);
        // Padding is nobody's, and some floats of different bytes are equal.
        expect(differences.length).to.be.at.most(1);
      }),
    );
  });

  it("is printed on one line", () => {
    fc.assert(
      fc.property(typeAndValue, ([type, plain]) => {
        expect(formatData(type, encodeData(type, type.sizeBytes, writtenOf(plain)))).to.not.match(/\n/);
      }),
    );
  });
});

describe("encodeData", () => {
  it("writes numbers in the machine's order, and network types as the number meant", () => {
    expect(encode(u16, 80)).to.equal("5000");
    expect(encode(be16, 80)).to.equal("0050");
    expect(encode(u16, { be: 80 })).to.equal("0050");
    expect(encode(be32, 0x0a000001)).to.equal("0a000001");
    expect(encode(u64, 2n ** 64n - 1n)).to.equal("ffffffffffffffff");
    expect(encode(intType("int", 4, { signed: true }), -2)).to.equal("feffffff");
  });

  it("writes addresses in network order into whatever holds so many bytes", () => {
    for (const type of [u32, be32, array(u8, 4), struct("in_addr", { s_addr: be32 }), undefined])
      expect(encode(type, "10.0.0.1", 4)).to.equal("0a000001");
    const in6 = struct("in6_addr", { _: struct("", { u6_addr8: array(u8, 16), u6_addr32: array(be32, 4) }, "union") });
    for (const type of [array(u8, 16), array(be32, 4), in6, undefined])
      expect(encode(type, "fd00::1", 16)).to.equal("fd000000000000000000000000000001");
    expect(encode(array(u8, 6), "02:00:00:00:00:ff")).to.equal("0200000000ff");
    expect(encode(array(char, 6), "02:00:00:00:00:ff")).to.equal("0200000000ff");
  });

  it("writes a prefix as the key of an LPM trie", () => {
    const v4 = struct("key", { prefixlen: u32, address: be32 });
    expect(encode(v4, "10.0.0.0/8")).to.equal("080000000a000000");
    expect(encode(undefined, "10.0.0.0/8", 8)).to.equal("080000000a000000");
    const v6 = struct("key", { trie: struct("bpf_lpm_trie_key", { prefixlen: u32 }), address: array(u8, 16) });
    expect(encode(v6, "fd00::/64")).to.equal("40000000fd000000000000000000000000000000");
    expect(problems(v4, "10.0.0.0/33")).to.have.length(1);
    expect(problems(struct("key", { port: u16, prefix: u16, address: be32 }), "10.0.0.0/8")).to.have.length(1);
  });

  it("writes members by name, those of anonymous ones too, and leaves the rest zero", () => {
    const type = struct("flow", {
      saddr: be32,
      _1: struct("", { ports: u32, _2: struct("", { sport: be16, dport: be16 }) }, "union"),
      name: array(char, 4),
      tail: u16,
    });
    expect(encode(type, { saddr: "10.0.0.1", dport: 80 })).to.equal("0a00000100000050000000000000");
    expect(encode(type, { name: "eth0", tail: 1 })).to.equal("0000000000000000657468300100");
    expect(problems(type, { ports: 1, sport: 2 })).to.deep.equal([
      "3: 'sport' shares its bytes with 'ports': only one can be written",
    ]);
  });

  it("keeps what a base has where nothing is written", () => {
    const type = struct("config", { a: u16, b: u16 });
    const bytes = encodeData(type, 4, writtenOf({ b: 7 }), Uint8Array.of(1, 2, 3, 4));
    expect(toHex(bytes)).to.equal("01020700");
  });

  it("writes bit-fields without touching their neighbours", () => {
    const bits = (name: string, offsetBits: number, bitfieldBits: number, signed = false) => ({
      name,
      offsetBits,
      bitfieldBits,
      type: intType("int", 4, { signed }),
    });
    const type: DataType = {
      kind: "struct",
      name: "b",
      sizeBytes: 4,
      members: [bits("low", 0, 3), bits("middle", 3, 13), bits("sign", 16, 5, true)],
    };
    expect(encode(type, { low: 7, middle: 0, sign: -1 })).to.equal("07001f00");
    expect(encode(type, { middle: 8191 })).to.equal("f8ff0000");
    expect(problems(type, { low: 8, sign: 16 })).to.deep.equal([
      "2: 8 does not fit into int (3 bits) (it has to be from 0 to 7)",
      "3: 16 does not fit into int (5 bits) (it has to be from -16 to 15)",
    ]);
  });

  it("writes arrays as lists, or by index", () => {
    expect(encode(array(u16, 3), [1, 2])).to.equal("010002000000");
    expect(encode(array(u16, 3), { 2: 5 })).to.equal("000000000500");
    expect(problems(array(u16, 3), [1, 2, 3, 4])).to.deep.equal(["1: 4 values for __u16[3]"]);
    expect(problems(array(u16, 3), { 3: 1 })).to.deep.equal(["2: __u16[3] has no element '3'"]);
  });

  it("spreads what is listed over an array, as Maglev hashing does", () => {
    const bytes = encode(array(u8, 7), { maglev: [1, 2] });
    expect(bytes).to.match(/^(01|02){7}$/);
    expect(bytes.match(/01/g)).to.have.length.within(3, 4);
    expect(problems(array(u8, 8), { maglev: [1] })).to.deep.equal([
      "2: a Maglev table has a prime number of slots, not 8 as __u8[8]",
    ]);
    expect(problems(array(u8, 7), { maglev: [1, 1] })).to.deep.equal(["2: something is listed twice"]);
    expect(problems(array(u8, 7), { maglev: [256, 1] })[0]).to.match(/256 does not fit/);
    expect(problems(array(u8, 7), { maglev: [] })).to.deep.equal([
      "2: 'maglev' takes a list of what to spread (for example: {maglev: [1, 2, 3]})",
    ]);
  });

  it("writes bytes without a type as hex digits, numbers, or lists", () => {
    expect(encode(undefined, "0a 00:00-01", 4)).to.equal("0a000001");
    expect(encode(undefined, 1, 4)).to.equal("01000000");
    expect(encode(undefined, -1, 4)).to.equal("ffffffff");
    expect(encode(undefined, { be: 1 }, 4)).to.equal("00000001");
    expect(encode(undefined, [1, 2], 3)).to.equal("010200");
    expect(problems(undefined, "0a00", 4)).to.deep.equal([
      "1: '0a00' has 2 bytes; 4 are needed for these 4 bytes (the object has no BTF for them)",
    ]);
    expect(problems(undefined, "0a0", 4)).to.deep.equal([
      "1: '0a0' is neither an address nor hex digits (two digits a byte: 0a000001)",
    ]);
    expect(problems(undefined, "fd00::1", 4)[0]).to.match(/^1: 'fd00::1' has 16 bytes; 4 are needed/);
  });

  it("tells everything that is wrong at once, with its place and the nearest right word", () => {
    const action: DataType = {
      kind: "enum",
      name: "action",
      sizeBytes: 4,
      signed: false,
      values: [
        { name: "ACTION_PASS", value: 0n },
        { name: "ACTION_DROP", value: 1n },
      ],
    };
    const type = struct("rule", { saddr: be32, port: be16, up: intType("_Bool", 1, { encoding: "bool" }), action });
    expect(problems(type, { sadr: 1, port: 70000, up: 2, action: "ACTION_DORP", saddr: "fd00::1" })).to.deep.equal([
      "2: struct rule has no member 'sadr' (did you mean 'saddr'?)",
      "3: 70000 does not fit into __be16 (16 bits) (it has to be from 0 to 65535)",
      "4: 2 is not a bool (write true or false)",
      "5: enum action has no 'ACTION_DORP' (did you mean 'ACTION_DROP'?)",
      "6: 'fd00::1' is not a number, which __be32 needs (an address of 16 bytes goes into 16 bytes; this has 4)",
    ]);
  });

  const refusals: readonly (readonly [DataType, Plain, string])[] = [
    [u8, 256, "256 does not fit into __u8 (8 bits) (it has to be from 0 to 255)"],
    [u32, -1, "-1 does not fit into __u32 (32 bits) (it has to be from 0 to 4294967295)"],
    [u32, 1.5, "1.5 is not a number, which __u32 needs"],
    [u32, "80", "'80' is not a number, which __u32 needs"],
    [u32, true, "__u32 is a number, not true (write 1 or 0)"],
    [u32, null, "__u32 has no value here"],
    [u32, [1], "a list is not a number, which __u32 needs"],
    [struct("s", { a: u8 }), 5, "5 is not a value of struct s (it is written by its members: a)"],
    [array(char, 3), "four", "'four' has 4 bytes; char[3] holds 3"],
    [array(u8, 6), "02:00", "'02:00' has 2 bytes; 6 are needed for __u8[6]"],
  ];
  for (const [type, plain, message] of refusals)
    it(`refuses: ${message}`, () => {
      expect(problems(type, plain)).to.deep.equal([`1: ${message}`]);
    });

  it("refuses a size that no map can have without making so many bytes", () => {
    expect(() => encodeData(undefined, 2 ** 32 - 1, writtenOf("00"))).to.throw("larger than any map takes");
  });
});

describe("formatData", () => {
  it("prints addresses where a name says so, and numbers elsewhere", () => {
    const type = struct("flow", {
      src_ip: u32,
      dport: be16,
      mark: u32,
      vip: be32,
      mac: array(u8, 6),
      id: array(u8, 4),
    });
    const bytes = encodeData(
      type,
      type.sizeBytes,
      writtenOf({ src_ip: "10.0.0.1", dport: 80, mark: 5, vip: "10.0.0.2", mac: "02:00:00:00:00:01" }),
    );
    expect(formatData(type, bytes)).to.equal(
      "{src_ip: 10.0.0.1, dport: 80, mark: 5, vip: 10.0.0.2, mac: 02:00:00:00:00:01, id: 00000000}",
    );
  });

  it("prints a number that is the whole value by its type", () => {
    const bytes = Uint8Array.of(10, 0, 0, 1);
    expect(formatData(be32, bytes)).to.equal("10.0.0.1");
    expect(formatData(intType("ipv4_t", 4), bytes)).to.equal("10.0.0.1");
    expect(formatData(u32, bytes)).to.equal("16777226");
    expect(formatData(struct("s", { seq: be32 }), bytes)).to.equal("{seq: 167772161}");
  });

  it("prints the key of an LPM trie as it can be written", () => {
    const key = struct("key", { prefixlen: u32, data: array(u8, 4) });
    const print = (plain: Plain) => formatData(key, encodeData(key, 8, writtenOf(plain)));
    expect(print("10.1.0.0/16")).to.equal("10.1.0.0/16");
    expect(print({ prefixlen: 33 })).to.equal("{prefixlen: 33, data: 00000000}");
    const other = struct("pair", { count: u32, data: array(u8, 4) });
    expect(formatData(other, new Uint8Array(8))).to.equal("{count: 0, data: 00000000}");
  });

  it("prints what has no type in hex, text in quotes, and long arrays shortened", () => {
    expect(formatData(undefined, Uint8Array.of(1, 255))).to.equal("01ff");
    expect(formatData(array(char, 4), Uint8Array.of(0x68, 0x69, 0, 0))).to.equal('"hi"');
    expect(formatData(array(u16, 3), Uint8Array.of(1, 0, 2, 0, 3, 0))).to.equal("[1, 2, 3]");
    expect(formatData(array(u32, 1000), new Uint8Array(4000))).to.match(/0, 936 more\]$/);
  });
});
