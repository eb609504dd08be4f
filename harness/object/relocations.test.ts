import { expect } from "chai";
import { fixture } from "./fixture.test.js";
import { findSection, openObject } from "./object-file.js";
import { functionsIn } from "./programs.js";
import { relocationsOf } from "./relocations.js";

/** What a linker of programs needs, against `llvm-readelf -rs` of the same object. */
describe("an opened object", () => {
  for (const name of ["every_kind.bpf.o", "every_kind_big_endian.bpf.o"]) {
    const file = openObject(fixture(`object-reader/${name}`));
    const section = findSection(file.elf, "xdp")!;

    it(`${name}: has relocations with their symbols, ascending`, () => {
      const relocations = relocationsOf(file.elf, section);
      expect(relocations.map(({ offset }) => offset)).to.deep.equal(
        relocations.map(({ offset }) => offset).toSorted((a, b) => a - b),
      );
      const named = new Set(relocations.map(({ symbol }) => symbol.name));
      for (const symbol of ["endpoints", "jumps", "outer", "total", "limits", "LINUX_KERNEL_VERSION"])
        expect([...named], symbol).to.include(symbol);
      // R_BPF_64_64 for addresses, R_BPF_64_32 for calls into .text.
      expect(new Set(relocations.map(({ type }) => type))).to.deep.equal(new Set([1, 10]));
    });

    it(`${name}: has functions in order, subprograms included`, () => {
      expect(functionsIn(file, section).map(({ value }) => value)).to.deep.equal([0, 48]);
      const text = findSection(file.elf, ".text")!;
      expect(functionsIn(file, text).map(({ name: function_, local }) => [function_, local])).to.deep.equal([
        ["classify", true],
      ]);
    });

    it(`${name}: has function info that names BTF functions`, () => {
      const functions = file.btfExt.functions.get("xdp")!;
      const names = functions.map(({ offsetBytes, type }) => [offsetBytes, file.btf!.type(type).name]);
      expect(names).to.deep.equal([
        [0, "drop"],
        [48, "pass"],
      ]);
    });
  }
});
