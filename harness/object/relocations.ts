import { sectionTypes, type ElfFile, type ElfSection, type ElfSymbol } from "./elf.js";

export interface ElfRelocation {
  /** Offset of the patched bytes in their section. */
  readonly offset: number;
  /** R_BPF_ number: 1 = 64-bit immediate, 2 = 64-bit word, 3 = 32-bit word, 10 = call. */
  readonly type: number;
  readonly symbol: ElfSymbol;
  /** From SHT_RELA; clang writes SHT_REL, where the addend is what the bytes hold. */
  readonly addend: bigint;
}

/** What has to be patched in a section when addresses are known, ascending by offset. */
export function relocationsOf(elf: ElfFile, section: ElfSection): ElfRelocation[] {
  return elf.sections
    .filter((table) => isRelocationTable(table) && table.info === section.index)
    .flatMap((table) => readTable(elf, table, section))
    .toSorted((a, b) => a.offset - b.offset);
}

function isRelocationTable(section: ElfSection): boolean {
  return section.type === sectionTypes.rel || section.type === sectionTypes.rela;
}

function readTable(elf: ElfFile, table: ElfSection, target: ElfSection): ElfRelocation[] {
  const withAddend = table.type === sectionTypes.rela;
  const entryBytes = withAddend ? 24 : 16;
  return Array.from({ length: Math.floor(table.sizeBytes / entryBytes) }, (_, index) => {
    const at = index * entryBytes;
    const offset = table.data.size(at, "r_offset");
    if (offset >= target.sizeBytes)
      throw table.data.error(at, `patches offset ${offset} of ${target.name}, which has ${target.sizeBytes} bytes`);
    const info = table.data.u64(at + 8, "r_info");
    const symbol = elf.symbols[Number(info >> 32n)];
    if (!symbol) throw table.data.error(at + 8, `symbol ${info >> 32n} does not exist`);
    const addend = withAddend ? BigInt.asIntN(64, table.data.u64(at + 16, "r_addend")) : 0n;
    return { offset, type: Number(info & 0xffffffffn), symbol, addend };
  });
}
