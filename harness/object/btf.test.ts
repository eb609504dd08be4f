import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import type { DataType } from "../model/object.js";
import { DataTypes } from "./data-type.js";
import { readBtf } from "./read-btf.js";
import { Window } from "./window.js";

const kinds = { int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, typedef: 8, variable: 14, enum64: 19 };

/** Writes BTF by hand, for what this machine's clang does not write. Ids count from 1 in the order of `add`. */
class BtfWriter {
  readonly #types: number[] = [];
  #strings = "\0";

  string(text: string): number {
    const offset = this.#strings.length;
    this.#strings += `${text}\0`;
    return text === "" ? 0 : offset;
  }

  add(kind: keyof typeof kinds, name: string, third: number, rest: readonly number[] = [], count = 0, flag = 0): this {
    this.#types.push(this.string(name), ((flag << 31) | (kinds[kind] << 24) | count) >>> 0, third, ...rest);
    return this;
  }

  member(name: string, type: number, offsetBits: number): readonly number[] {
    return [this.string(name), type, offsetBits];
  }

  section(): Window {
    const strings = new TextEncoder().encode(this.#strings);
    const bytes = new Uint8Array(24 + 4 * this.#types.length + strings.length);
    const view = new DataView(bytes.buffer);
    const words = [0x0001eb9f, 24, 0, 4 * this.#types.length, 4 * this.#types.length, strings.length, ...this.#types];
    words.forEach((word, i) => view.setUint32(4 * i, word, true));
    bytes.set(strings, 24 + 4 * this.#types.length);
    return new Window("section .BTF", bytes, true);
  }

  resolve(id: number): DataType {
    return new DataTypes(readBtf(this.section())).resolve(id);
  }

  message(id: number): string {
    try {
      this.resolve(id);
    } catch (error) {
      if (error instanceof HarnessError) return error.message;
      throw error;
    }
    throw new Error("the type was resolved");
  }
}

describe("BTF", () => {
  it("has 64-bit enums, signed and unsigned", () => {
    const btf = new BtfWriter();
    const low = 0x55667788;
    btf.add("enum64", "wide", 8, [btf.string("ALL"), low, 0x81223344], 1, 0);
    btf.add("enum64", "signed", 8, [btf.string("LEAST"), 0, 0x80000000], 1, 1);
    expect(btf.resolve(1)).to.deep.include({ signed: false, values: [{ name: "ALL", value: 0x8122334455667788n }] });
    expect(btf.resolve(2)).to.deep.include({ signed: true, values: [{ name: "LEAST", value: -(2n ** 63n) }] });
  });

  it("has signed 32-bit enums where the compiler says so", () => {
    const btf = new BtfWriter();
    btf.add("enum", "e", 4, [btf.string("MINUS"), 0xffffffff], 1, 1);
    expect(btf.resolve(1)).to.deep.include({ values: [{ name: "MINUS", value: -1n }] });
  });

  it("had bit-fields as ints of fewer bits, before LLVM 6", () => {
    const btf = new BtfWriter();
    btf.add("int", "unsigned int", 4, [(5 << 16) | 3]);
    btf.add("struct", "s", 4, btf.member("bits", 1, 8), 1);
    expect((btf.resolve(2) as DataType & { kind: "struct" }).members[0]).to.deep.include({
      offsetBits: 13,
      bitfieldBits: 3,
    });
  });

  it("gives one object for one id", () => {
    const btf = new BtfWriter();
    btf.add("int", "__u32", 4, [32]);
    btf.add("struct", "s", 8, [...btf.member("a", 1, 0), ...btf.member("b", 1, 32)], 2);
    const [a, b] = (btf.resolve(2) as DataType & { kind: "struct" }).members;
    expect(a!.type).to.equal(b!.type);
  });

  it("is refused where a typedef leads back to itself", () => {
    const btf = new BtfWriter().add("typedef", "a", 2).add("typedef", "b", 1);
    expect(btf.message(1)).to.equal(
      "section .BTF, offset 0x18: type 1 'a' is defined by itself (a loop of typedefs or qualifiers)",
    );
  });

  it("is refused where a struct contains itself", () => {
    const btf = new BtfWriter();
    btf.add("struct", "s", 8, btf.member("s", 1, 0), 1);
    expect(btf.message(1)).to.match(/type 1 's' is nested deeper than 32 types, or contains itself/);
  });

  it("is refused where a member lies outside of its struct", () => {
    const btf = new BtfWriter();
    btf.add("int", "__u32", 4, [32]).add("struct", "s", 6, btf.member("late", 1, 32), 1);
    expect(btf.message(2)).to.match(/type 2 's' has 6 bytes, but its member 'late' ends at bit 64 \(byte 8\)/);
  });

  it("is refused where unions multiply beyond all bounds in a few bytes", () => {
    const btf = new BtfWriter();
    btf.add("int", "__u32", 4, [32]);
    for (let id = 2; id < 30; id++)
      btf.add("union", `u${id}`, 4, [...btf.member("a", id - 1, 0), ...btf.member("b", id - 1, 0)], 2);
    expect(btf.message(29)).to.match(/has 4 bytes, but \d+ values in them/);
  });

  it("is refused where an array is larger than memory", () => {
    const btf = new BtfWriter().add("int", "__u32", 4, [32]).add("array", "", 0, [1, 1, 0x80000000]);
    expect(btf.message(2)).to.match(/is an array of 8589934592 bytes; 32 bits is the limit/);
  });

  it("is refused where a type is not there or cannot be a value's", () => {
    expect(new BtfWriter().add("typedef", "a", 9).message(1)).to.match(
      /type 1 'a' refers to type 9, but there are only 2/,
    );
    const variable = new BtfWriter().add("int", "int", 4, [32]).add("variable", "v", 1, [0]).add("typedef", "t", 2);
    expect(variable.message(3)).to.match(/is a variable, which no value can have as its type/);
  });

  it("is refused for another magic, version or kind", () => {
    const bytes = new BtfWriter().add("int", "int", 4, [32]).section().bytes;
    const broken = (offset: number, byte: number) => {
      const copy = bytes.slice();
      copy[offset] = byte;
      return () => readBtf(new Window("section .BTF", copy, true));
    };
    expect(broken(0, 0)).to.throw("section .BTF, offset 0x0: magic 0xeb00 is not BTF's 0xeb9f");
    expect(broken(2, 3)).to.throw("section .BTF, offset 0x2: BTF version 3 is unknown");
    expect(broken(31, 30)).to.throw("section .BTF, offset 0x1c: BTF kind 30 is unknown");
    expect(broken(12, 15)).to.throw("section .BTF, offset 0x24: the rest of a type needs 4 bytes, 3 are left");
  });
});
