import { expect } from "chai";
import fc from "fast-check";
import { HarnessError } from "../model/error.js";
import type { DataType } from "../model/object.js";
import { intType, type Plain, writtenOf } from "./arbitraries.js";
import { encodeData } from "./encode.js";
import { compilePattern, matchData, sumData } from "./pattern.js";

const u8 = intType("__u8", 1);
const u32 = intType("__u32", 4);
const u64 = intType("__u64", 8);
const be16 = intType("__be16", 2, { bigEndian: true });
const member = (name: string, offsetBytes: number, type: DataType) => ({
  name,
  offsetBits: offsetBytes * 8,
  bitfieldBits: undefined,
  type,
});
const double: DataType = { kind: "float", name: "double", sizeBytes: 8 };
const bytesOf = (length: number): DataType => ({ kind: "array", element: u8, length, sizeBytes: length });
const char = intType("char", 1, { encoding: "char", signed: true });

const flow: DataType = {
  kind: "struct",
  name: "flow",
  sizeBytes: 40,
  members: [
    member("saddr", 0, u32),
    member("dport", 4, be16),
    member("mac", 6, bytesOf(6)),
    member("hits", 12, { kind: "array", element: u32, length: 2, sizeBytes: 8 }),
    member("name", 20, { kind: "array", element: char, length: 8, sizeBytes: 8 }),
    member("state", 28, {
      kind: "enum",
      name: "state",
      sizeBytes: 4,
      signed: false,
      values: [
        { name: "NEW", value: 0n },
        { name: "OPEN", value: 1n },
        { name: "CLOSED", value: 2n },
      ],
    }),
    member("bytes", 32, u64),
  ],
};

const actual = encodeData(
  flow,
  flow.sizeBytes,
  writtenOf({
    saddr: "10.1.2.3",
    dport: 443,
    mac: "02:00:00:00:00:07",
    hits: [5, 6],
    name: "web",
    state: "OPEN",
    bytes: 2n ** 60n,
  }),
);

function differences(plain: Plain): readonly string[] {
  const pattern = compilePattern(flow, flow.sizeBytes, writtenOf(plain));
  return matchData(flow, flow.sizeBytes, pattern, actual).map(
    (each) => `${each.path}: expected ${each.expected}, actual ${each.actual}`,
  );
}

function problems(type: DataType, plain: Plain): readonly string[] {
  try {
    compilePattern(type, type.sizeBytes, writtenOf(plain));
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return error.diagnostics.map(({ message, hint }) => (hint ? `${message} (${hint})` : message));
  }
  return [];
}

describe("patterns over data", () => {
  const matching: readonly Plain[] = [
    {},
    "any",
    { saddr: "10.1.2.3", dport: 443 },
    { saddr: "10.0.0.0/8" },
    { saddr: { in: ["10.0.0.1", "10.1.2.3"] } },
    { saddr: { not: "10.0.0.1" } },
    { saddr: { min: "10.1.2.0", max: "10.1.2.255" } },
    { saddr: { be: 0x0a010203 } },
    { dport: "400..500", mac: "02:00:00:00:00:07" },
    { dport: { min: 443 } },
    { dport: { mask: 0xff, value: 0xbb } },
    { dport: { not: { in: [80, 22] } } },
    { hits: [5] },
    { hits: [5, 6] },
    { hits: { 1: 6 } },
    { hits: ["any", "6..7"] },
    { name: "web" },
    { name: { in: ["dns", "web"] } },
    { state: "OPEN" },
    { state: 1 },
    { state: { in: ["OPEN", "CLOSED"] } },
    { state: { not: "NEW" } },
    { state: "OPEN..CLOSED" },
    { bytes: 2n ** 60n, state: "any" },
    { bytes: { min: 2n ** 59n } },
  ];
  for (const plain of matching)
    it(`matches ${show(plain)}`, () => {
      expect(differences(plain)).to.deep.equal([]);
    });

  const failing: readonly (readonly [Plain, string])[] = [
    [{ saddr: "10.1.2.4" }, ".saddr: expected 10.1.2.4, actual 10.1.2.3"],
    [{ saddr: "10.2.0.0/16" }, ".saddr: expected 10.2.0.0/16, actual 10.1.2.3"],
    [{ saddr: { be: 1 } }, ".saddr: expected {be: 1}, actual {be: 167838211 (0xa010203)}"],
    [{ saddr: 1 }, ".saddr: expected 1, actual 50462986 (0x302010a)"],
    [{ dport: 80 }, ".dport: expected 80 (0x50), actual 443 (0x1bb)"],
    [{ dport: { not: 443 } }, ".dport: expected not 443 (0x1bb), actual 443 (0x1bb)"],
    [{ mac: "02:00:00:00:00:08" }, ".mac: expected 02:00:00:00:00:08, actual 02:00:00:00:00:07"],
    [{ hits: [5, 7] }, ".hits[1]: expected 7, actual 6"],
    [{ name: "dns" }, '.name: expected "dns", actual "web"'],
    [{ state: "NEW" }, ".state: expected NEW (0x0), actual OPEN (0x1)"],
    [{ bytes: { max: 5 } }, ".bytes: expected at most 5, actual 1152921504606846976 (0x1000000000000000)"],
  ];
  for (const [plain, difference] of failing)
    it(`does not match ${show(plain)}`, () => {
      expect(differences(plain)).to.deep.equal([difference]);
    });

  it("tells every difference, with the place where it was written", () => {
    const pattern = compilePattern(flow, flow.sizeBytes, writtenOf({ dport: 80, name: "dns" }));
    const found = matchData(flow, flow.sizeBytes, pattern, actual);
    expect(found.map(({ path, span }) => [path, span.start.line])).to.deep.equal([
      [".dport", 2],
      [".name", 3],
    ]);
  });

  it("takes bytes that are too few for a difference", () => {
    const pattern = compilePattern(u32, 4, writtenOf(1));
    expect(matchData(u32, 4, pattern, new Uint8Array(3))).to.deep.include({
      path: "",
      expected: "4 bytes",
      actual: "3 bytes",
      span: pattern.span,
      kind: "any",
    });
  });

  it("compares what has no type by its bytes", () => {
    const pattern = compilePattern(undefined, 2, writtenOf("0a0b"));
    expect(matchData(undefined, 2, pattern, Uint8Array.of(10, 11))).to.deep.equal([]);
    expect(matchData(undefined, 2, pattern, Uint8Array.of(10, 12))[0]).to.include({ expected: "0a0b", actual: "0a0c" });
  });

  it("prefers a member's name to a pattern of that name", () => {
    const limits: DataType = {
      kind: "struct",
      name: "l",
      sizeBytes: 8,
      members: [member("min", 0, u32), member("max", 4, u32)],
    };
    const pattern = compilePattern(limits, 8, writtenOf({ min: 1, max: 2 }));
    expect(matchData(limits, 8, pattern, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0))).to.deep.equal([]);
    expect(pattern.kind).to.equal("members");
  });

  const refusals: readonly (readonly [DataType, Plain, readonly string[]])[] = [
    [
      flow,
      { sadr: 1, dport: -1 },
      [
        "struct flow has no member 'sadr' (did you mean 'saddr'?)",
        "-1 does not fit into __be16 (16 bits) (it has to be from 0 to 65535)",
      ],
    ],
    [flow, { state: "OPNE" }, ["enum state has no 'OPNE' (did you mean 'OPEN'?)"]],
    [flow, { hits: [1, 2, 3] }, ["3 values for __u32[2]"]],
    [u32, "9..1", ["this range is empty (the smaller bound comes first)"]],
    [u32, { mx: 1 }, ["'mx' is not a pattern (did you mean 'max'?)"]],
    [
      u32,
      { min: 1, in: [2] },
      ["'min', 'in' do not make one pattern (one of in, not, min and max, mask and value at a time)"],
    ],
    [u32, { in: 5 }, ["'in' takes a list"]],
    [u32, { in: [5, -5] }, ["-5 does not fit into __u32 (32 bits) (it has to be from 0 to 4294967295)"]],
    [double, { mask: 1, value: 1 }, ["double has no bits to mask"]],
    [u32, { min: { be: 1 } }, ["__u32 takes no range of {be: …} (declare it as __be16 or __be32)"]],
  ];
  for (const [type, plain, messages] of refusals)
    it(`refuses ${show(plain)}`, () => {
      expect(problems(type, plain)).to.deep.equal(messages);
    });
});

describe("sumData", () => {
  it("adds numbers over CPUs and takes the rest from the first", () => {
    const type: DataType = {
      kind: "struct",
      name: "s",
      sizeBytes: 20,
      members: [
        member("packets", 0, u64),
        member("mac", 8, bytesOf(6)),
        member("dport", 14, be16),
        member("last", 16, u32),
      ],
    };
    const value = (packets: number, dport: number, last: number) =>
      encodeData(type, 20, writtenOf({ packets, dport, last, mac: "02:00:00:00:00:01" }));
    expect(sumData(type, [value(1, 80, 2), value(40, 80, 0), value(1, 80, 5)])).to.deep.equal(value(42, 80, 7));
  });

  it("wraps as C does, and adds the members of a union once", () => {
    const union: DataType = {
      kind: "union",
      name: "u",
      sizeBytes: 4,
      members: [member("a", 0, u32), member("b", 0, u8)],
    };
    const value = (number: number) => encodeData(u32, 4, writtenOf(number));
    expect(sumData(union, [value(0xffffffff), value(3)])).to.deep.equal(value(2));
  });

  it("takes values without a type for 64-bit counters", () => {
    const pair = (a: bigint, b: bigint) => new Uint8Array(new BigUint64Array([a, b]).buffer);
    expect(sumData(undefined, [pair(1n, 2n ** 40n), pair(2n, 1n)])).to.deep.equal(pair(3n, 2n ** 40n + 1n));
  });

  it("is the sum of the numbers, in any order of the CPUs", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 8 }), (numbers) => {
        const values = numbers.map((number) => encodeData(u64, 8, writtenOf(number)));
        const total = BigInt.asUintN(
          64,
          numbers.reduce((a, b) => a + b, 0n),
        );
        expect(sumData(u64, values)).to.deep.equal(encodeData(u64, 8, writtenOf(total)));
        expect(sumData(u64, values.toReversed())).to.deep.equal(sumData(u64, values));
      }),
    );
  });
});

function show(plain: Plain): string {
  return JSON.stringify(plain, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
