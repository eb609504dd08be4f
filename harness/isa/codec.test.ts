import { expect } from "chai";
import * as fc from "fast-check";
import { fromHex, toHex } from "../model/hex.js";
import { instruction } from "./arbitraries.js";
import { decodeProgram } from "./decode.js";
import { encodeProgram } from "./encode.js";
import type { Instruction } from "./instruction.js";

const programs = fc.array(instruction, { maxLength: 20 });

function decoded(bytes: Uint8Array, littleEndian = true): Instruction[] {
  return decodeProgram(bytes, littleEndian).map((placed) => placed.instruction);
}

describe("the codec of instructions", () => {
  it("decodes what it encodes, in both byte orders", () => {
    fc.assert(
      fc.property(programs, fc.boolean(), (program, littleEndian) => {
        expect(decoded(encodeProgram(program, littleEndian), littleEndian)).to.deep.equal(program);
      }),
    );
  });

  it("encodes what it decodes, or refuses it: any eight bytes", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anySlot, (bytes) => {
        let program: Instruction[];
        try {
          program = decoded(bytes);
        } catch {
          return;
        }
        accepted++;
        expect(toHex(encodeProgram(program))).to.equal(toHex(bytes));
      }),
      { numRuns: 3000 },
    );
    expect(accepted).to.be.greaterThan(100);
  });

  // Encodings that clang and the kernel's own tests use, so that one mistake in both directions shows.
  const known: readonly (readonly [string, Instruction])[] = [
    [
      "b700000002000000",
      { kind: "alu", width: 64, operation: "mov", dst: 0, operand: { kind: "immediate", value: 2 } },
    ],
    ["6112040000000000", { kind: "load", sizeBytes: 4, signed: false, dst: 2, base: 1, offset: 4 }],
    [
      "630afcff00000000",
      { kind: "store", sizeBytes: 4, base: 10, offset: -4, operand: { kind: "register", register: 0 } },
    ],
    ["dc01000010000000", { kind: "byteSwap", to: "big", bits: 16, dst: 1 }],
    ["db10000000000000", { kind: "atomic", operation: "add", sizeBytes: 8, fetch: false, base: 0, offset: 0, src: 1 }],
    [
      "2d430500 00000000",
      { kind: "branch", width: 64, condition: "gt", dst: 3, operand: { kind: "register", register: 4 }, distance: 5 },
    ],
    ["8500000001000000", { kind: "callHelper", helper: 1 }],
    ["8510000004000000", { kind: "callFunction", distance: 4 }],
    [
      "3c210100 00000000",
      { kind: "alu", width: 32, operation: "sdiv", dst: 1, operand: { kind: "register", register: 2 } },
    ],
    ["bf210800 00000000", { kind: "moveSigned", width: 64, bits: 8, dst: 1, src: 2 }],
    ["06000000 e8030000", { kind: "goto", distance: 1000, long: true }],
    ["d7010000 20000000", { kind: "byteSwap", to: "swap", bits: 32, dst: 1 }],
    [
      "db120000 00010000",
      { kind: "atomic", operation: "loadAcquire", sizeBytes: 8, fetch: false, base: 1, offset: 0, src: 2 },
    ],
    ["9500000000000000", { kind: "exit" }],
  ];
  for (const [hex, expected] of known) {
    it(`knows ${hex} as ${expected.kind}`, () => {
      expect(decoded(fromHex(hex))).to.deep.equal([expected]);
    });
  }

  for (const [what, hex, message] of [
    ["half an instruction", "b7000000", /not a whole number/],
    ["half of a 64-bit immediate", "1801000000000000", /needs two slots/],
    ["a dirty second slot", "18010000000000009500000000000000", /second slot/],
    ["an eleventh register", "b70b000000000000", /r11 does not exist/],
    ["a call through a register that does not exist", "8d0000000b000000", /unknown opcode 0x8d/],
    ["a field in use that has to be zero", "9500000001000000", /does not use its imm field/],
    ["a 16-bit atomic addition", "cb10000000000000", /unknown opcode 0xcb/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => decoded(fromHex(hex))).to.throw(message);
    });
  }
});

/** Eight bytes, of which those beyond the opcode are often such that the instruction is valid. */
const anySlot = fc
  .tuple(
    fc.nat(0xff),
    fc.oneof(fc.constant(0), fc.nat(0xff)),
    fc.oneof(fc.constantFrom(0, 1, 8, 16, 32), fc.nat(0xffff)),
    fc.oneof(fc.constantFrom(0, 1, 16, 32, 64, 0xe1, 0xf1, 0x100, 0x110), fc.nat()),
  )
  .map(([opcode, registers, offset, imm]) => {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, opcode);
    view.setUint8(1, registers);
    view.setUint16(2, offset, true);
    view.setInt32(4, imm, true);
    return bytes;
  });
