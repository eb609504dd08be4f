import { expect } from "chai";
import type { MapSpec } from "../model/object.js";
import { fixture } from "./fixture.test.js";
import { ElfEditor } from "./elf-editor.js";
import { withModernMaps } from "./modern-maps.js";
import { openObject } from "./object-file.js";
import { readObject } from "./read-object.js";

const legacy = fixture("objects/legacy_maps.bpf.o");

/** As from clang without -g. */
function withoutBtf(bytes: Uint8Array): Uint8Array {
  const editor = new ElfEditor(bytes);
  for (const { name, index } of editor.elf.sections)
    if (name === ".BTF" || name === ".BTF.ext") editor.rename(index, ".nothing");
  return editor.finish();
}

function shapes(maps: readonly MapSpec[]) {
  return maps.map(({ name, type, keySizeBytes, valueSizeBytes, maxEntries, flags }) => ({
    name,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries,
    flags,
  }));
}

describe("legacy maps in BTF", () => {
  for (const [what, bytes] of [
    ["with BTF", legacy],
    ["without BTF", withoutBtf(legacy)],
  ] as const) {
    it(`of an object ${what} are the same maps`, () => {
      const before = readObject(bytes, "x");
      const modern = withModernMaps(bytes);
      const after = readObject(modern, "x");
      expect(shapes(after.maps)).to.deep.equal(shapes(before.maps));
      expect(after.maps).to.have.length(3);
      expect(after.programs).to.deep.equal(before.programs);
      const { elf, btf } = openObject(modern);
      expect(elf.sections.map(({ name }) => name))
        .to.include(".maps")
        .and.not.include("maps");
      // libbpf finds the map of a relocation by the offset of its symbol.
      const symbols = elf.symbols.filter(({ section }) => elf.sections[section]!.name === ".maps");
      const described = btf!.types.find((type) => type.kind === "dataSection" && type.name === ".maps");
      const offsets = described?.kind === "dataSection" ? described.variables.map((v) => v.offsetBytes) : [];
      expect(symbols.map(({ value }) => value).toSorted((a, b) => a - b)).to.deep.equal(offsets);
    });
  }

  it("leave an object that has none as it is", () => {
    const bytes = fixture("objects/xdp_lb.bpf.o");
    expect(withModernMaps(bytes)).to.equal(bytes);
  });
});
