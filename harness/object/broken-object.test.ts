import { expect } from "chai";
import fc from "fast-check";
import { HarnessError } from "../model/error.js";
import { fixture } from "./fixture.test.js";
import { readObject } from "./read-object.js";

const whole = fixture("object-reader/every_kind.bpf.o");

/** The message for a copy of the object with some bytes changed. */
function messageOf(bytes: Uint8Array): string {
  try {
    readObject(bytes, "broken.bpf.o");
  } catch (error) {
    if (error instanceof HarnessError && error.code === "object") return error.message;
    throw error;
  }
  throw new Error("the object was read");
}

function changed(...changes: readonly (readonly [offset: number, byte: number])[]): Uint8Array {
  const bytes = whole.slice();
  for (const [offset, byte] of changes) bytes[offset] = byte;
  return bytes;
}

function text(source: string): Uint8Array {
  return new TextEncoder().encode(source);
}

describe("a file that is not a whole BPF object", () => {
  const goldens: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
    ["nothing", new Uint8Array(0), "ELF header, offset 0x0: the file is empty"],
    [
      "the source",
      text("#include <linux/bpf.h>\n"),
      "ELF header, offset 0x0: not an ELF file: this is text, perhaps the C source itself",
    ],
    [
      "bitcode",
      Uint8Array.of(0x42, 0x43, 0xc0, 0xde),
      "ELF header, offset 0x0: not an ELF file: this is LLVM bitcode (clang -emit-llvm)",
    ],
    ["noise", Uint8Array.of(0, 1, 2, 3, 4), "ELF header, offset 0x0: not an ELF file: it begins with 00 01 02 03"],
    [
      "half a header",
      whole.slice(0, 40),
      "ELF header, offset 0x28: the file was cut off: an ELF header has 64 bytes, here are 40",
    ],
    ["32 bits", changed([4, 1]), "ELF header, offset 0x4: a 32-bit ELF file (ELFCLASS32); BPF objects are 64-bit"],
    ["no class", changed([4, 7]), "ELF header, offset 0x4: ELF class 7 does not exist; BPF objects are ELFCLASS64 (2)"],
    [
      "no byte order",
      changed([5, 0]),
      "ELF header, offset 0x5: byte order 0 does not exist; 1 is little-endian, 2 big-endian",
    ],
    [
      "another machine",
      changed([18, 62]),
      "ELF header, offset 0x12: not a BPF object: compiled for x86-64 (e_machine 62, BPF is 247)",
    ],
    ["a linked file", changed([16, 2]), "ELF header, offset 0x10: not a relocatable object (e_type 2, ET_REL is 1)"],
    [
      "a cut off end",
      whole.slice(0, -1),
      `ELF header, offset 0x28: the file was cut off: its section table ends at byte ${whole.length}, the file at ${whole.length - 1}`,
    ],
  ];
  for (const [what, bytes, message] of goldens)
    it(`${what}: ${message}`, () => {
      expect(messageOf(bytes)).to.equal(message);
    });

  it("says how to compile a BPF object", () => {
    const attempt = () => readObject(text("int main;"), "x.c");
    expect(attempt)
      .to.throw(HarnessError)
      .with.nested.property(
        "diagnostics[0].hint",
        "compile the program with: clang -g -O2 -target bpf -c x.bpf.c -o x.bpf.o",
      );
  });

  it("is told from every shorter beginning of an object", () => {
    for (let length = 0; length < whole.length; length++)
      expect(messageOf(whole.slice(0, length)), `${length} bytes`).to.match(/offset 0x/);
  });
});

describe("an object with broken bytes", () => {
  for (const path of ["every_kind.bpf.o", "every_kind_big_endian.bpf.o", "legacy.bpf.o", "legacy_annotated.bpf.o"]) {
    const original = fixture(`object-reader/${path}`);
    const mutation = fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 }));

    it(`${path} is read or refused with section and offset, never anything else`, () => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
          const bytes = original.slice();
          for (const [offset, byte] of mutations) bytes[offset] = byte;
          expectObjectOrError(bytes);
        }),
        { numRuns: 2000 },
      );
    });
  }

  it("is read or refused for every value of a word that counts or points", () => {
    // Extreme words at every place that a 32-bit count, size or offset can be at.
    for (let offset = 0; offset + 4 <= whole.length; offset += 4)
      for (const word of [0, 1, 0x7fffffff, 0xffffffff]) {
        const bytes = whole.slice();
        new DataView(bytes.buffer).setUint32(offset, word, true);
        expectObjectOrError(bytes);
      }
  }).timeout(60_000);
});

function expectObjectOrError(bytes: Uint8Array): void {
  try {
    readObject(bytes, "broken.bpf.o");
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    expect((error as HarnessError).code).to.equal("object");
    // A section's name may itself be broken, and hold any character.
    expect((error as HarnessError).message).to.match(/^.*?, offset 0x[0-9a-f]+( of the file)?: /s);
  }
}
