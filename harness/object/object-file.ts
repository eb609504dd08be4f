import type { Btf } from "./btf.js";
import { noBtfExt, readBtfExt, type BtfExt } from "./btf-ext.js";
import { DataTypes } from "./data-type.js";
import { readElf, sectionTypes, type ElfFile, type ElfSection, type ElfSymbol } from "./elf.js";
import { readBtf } from "./read-btf.js";

/**
 * An opened object with all that is needed to link it: sections, symbols, BTF, line info. `readObject`
 * makes the BpfObject from it; whoever runs the instructions relocates them with it.
 */
export interface ObjectFile {
  readonly elf: ElfFile;
  readonly btf: Btf | undefined;
  readonly btfExt: BtfExt;
  readonly types: DataTypes | undefined;
  /** By section number, in the order of the symbol table; nothing for sections without symbols. */
  readonly symbolsIn: ReadonlyMap<number, readonly ElfSymbol[]>;
}

/** Throws HarnessError "object". */
export function openObject(bytes: Uint8Array): ObjectFile {
  const elf = readElf(bytes);
  const btfSection = findSection(elf, ".BTF");
  const btf = btfSection && readBtf(btfSection.data);
  const extSection = btf && findSection(elf, ".BTF.ext");
  return {
    elf,
    btf,
    btfExt: extSection ? readBtfExt(extSection.data, btf) : noBtfExt,
    types: btf && new DataTypes(btf),
    symbolsIn: bySection(elf.symbols),
  };
}

function bySection(symbols: readonly ElfSymbol[]): Map<number, ElfSymbol[]> {
  const groups = new Map<number, ElfSymbol[]>();
  for (const symbol of symbols) {
    const group = groups.get(symbol.section);
    if (group) group.push(symbol);
    else groups.set(symbol.section, [symbol]);
  }
  return groups;
}

/** The first section of that name with contents in the file. */
export function findSection(elf: ElfFile, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name && section.type !== sectionTypes.nobits);
}
