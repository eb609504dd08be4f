import { objectError, Window } from "./window.js";

/** A relocatable ELF64 file for BPF (System V ABI, chapter 4; psABI of BPF in the kernel's Documentation/bpf/llvm_reloc.rst). */
export interface ElfFile {
  readonly littleEndian: boolean;
  /** By section number; number 0 is the null section. */
  readonly sections: readonly ElfSection[];
  /** In the order of the symbol table, so that relocations can refer to them by index. */
  readonly symbols: readonly ElfSymbol[];
}

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_ number. */
  readonly type: number;
  /** SHF_EXECINSTR. */
  readonly executable: boolean;
  readonly sizeBytes: number;
  /** Empty for SHT_NOBITS (`.bss`), whatever `sizeBytes` says. */
  readonly data: Window;
  readonly link: number;
  /** For relocations: the number of the section that they change. */
  readonly info: number;
}

export interface ElfSymbol {
  readonly name: string;
  readonly kind: "none" | "object" | "function" | "section" | "other";
  /** STB_LOCAL; the others are STB_GLOBAL and STB_WEAK. */
  readonly local: boolean;
  /** Section number; 0 for what is defined elsewhere (externs). */
  readonly section: number;
  /** Offset in its section. */
  readonly value: number;
  readonly sizeBytes: number;
}

export const sectionTypes = { progbits: 1, symtab: 2, rela: 4, nobits: 8, rel: 9 } as const;

const headerBytes = 64;
const sectionHeaderBytes = 64;
const symbolBytes = 24;
const execInstr = 4n;
const compileHint = "compile the program with: clang -g -O2 -target bpf -c x.bpf.c -o x.bpf.o";

/** Reads header, section table and symbols. Throws HarnessError "object". */
export function readElf(bytes: Uint8Array): ElfFile {
  const littleEndian = checkIdentity(bytes);
  const file = new Window("ELF file", bytes, littleEndian);
  const header = new Window("ELF header", bytes.subarray(0, headerBytes), littleEndian);
  checkMachine(header);
  const sections = readSections(file, header);
  return { littleEndian, sections, symbols: readSymbols(sections) };
}

/** Looks at e_ident; returns whether the file is little-endian. */
function checkIdentity(bytes: Uint8Array): boolean {
  const fail = (offset: number, message: string, hint?: string) =>
    objectError(`ELF header, offset 0x${offset.toString(16)}`, message, hint);
  if (bytes.length === 0) throw fail(0, "the file is empty", compileHint);
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  if (!magic.every((byte, i) => bytes[i] === byte)) throw fail(0, `not an ELF file: ${whatElse(bytes)}`, compileHint);
  if (bytes.length < headerBytes)
    throw fail(bytes.length, `the file was cut off: an ELF header has ${headerBytes} bytes, here are ${bytes.length}`);
  const fileClass = bytes[4];
  if (fileClass === 1) throw fail(4, "a 32-bit ELF file (ELFCLASS32); BPF objects are 64-bit", compileHint);
  if (fileClass !== 2) throw fail(4, `ELF class ${fileClass} does not exist; BPF objects are ELFCLASS64 (2)`);
  const order = bytes[5];
  if (order !== 1 && order !== 2) throw fail(5, `byte order ${order} does not exist; 1 is little-endian, 2 big-endian`);
  return order === 1;
}

function whatElse(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0x42 && b === 0x43) return "this is LLVM bitcode (clang -emit-llvm)";
  if (a === 0x1f && b === 0x8b) return "this is a gzip file";
  const start = bytes.subarray(0, 64);
  if (start.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127)))
    return "this is text, perhaps the C source itself";
  return `it begins with ${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}

function checkMachine(header: Window): void {
  const machine = header.u16(18, "e_machine");
  // Old LLVM left the machine at EM_NONE; libbpf takes these too.
  if (machine !== 247 && machine !== 0) {
    const names: Record<number, string> = { 3: "x86", 40: "Arm", 62: "x86-64", 183: "AArch64", 243: "RISC-V" };
    const name = names[machine] ?? "another machine";
    throw header.error(18, `not a BPF object: compiled for ${name} (e_machine ${machine}, BPF is 247)`, compileHint);
  }
  const type = header.u16(16, "e_type");
  if (type !== 1) throw header.error(16, `not a relocatable object (e_type ${type}, ET_REL is 1)`, compileHint);
}

function readSections(file: Window, header: Window): ElfSection[] {
  const tableOffset = header.size(40, "e_shoff");
  const count = header.u16(60, "e_shnum");
  if (tableOffset === 0 || count === 0) throw header.error(40, "there is no section table", compileHint);
  const entryBytes = header.u16(58, "e_shentsize");
  if (entryBytes !== sectionHeaderBytes)
    throw header.error(58, `section headers of ${entryBytes} bytes; ELF64 has ${sectionHeaderBytes}`);
  const end = tableOffset + count * sectionHeaderBytes;
  if (end > file.sizeBytes)
    throw header.error(
      40,
      `the file was cut off: its section table ends at byte ${end}, the file at ${file.sizeBytes}`,
    );
  const names = sectionNames(file, header, tableOffset, count);
  return Array.from({ length: count }, (_, index) => {
    const entry = file.part(tableOffset + index * sectionHeaderBytes, sectionHeaderBytes, "section header");
    const name = index === 0 ? "" : names.text(entry.u32(0, "sh_name"), `the name of section ${index}`);
    return readSection(file, entry, index, name);
  });
}

function sectionNames(file: Window, header: Window, tableOffset: number, count: number): Window {
  const index = header.u16(62, "e_shstrndx");
  if (index >= count) throw header.error(62, `section names are in section ${index}, but there are only ${count}`);
  const entry = file.part(tableOffset + index * sectionHeaderBytes, sectionHeaderBytes, "section header");
  return sectionData(file, entry, "section names");
}

function readSection(file: Window, entry: Window, index: number, name: string): ElfSection {
  const type = entry.u32(4, "sh_type");
  const title = `section ${name || index}`;
  const empty = index === 0 || type === sectionTypes.nobits;
  return {
    index,
    name,
    type,
    executable: (entry.u64(8, "sh_flags") & execInstr) !== 0n,
    sizeBytes: index === 0 ? 0 : entry.size(32, "sh_size"),
    data: empty ? new Window(title, new Uint8Array(0), file.littleEndian) : sectionData(file, entry, title),
    link: entry.u32(40, "sh_link"),
    info: entry.u32(44, "sh_info"),
  };
}

function sectionData(file: Window, entry: Window, title: string): Window {
  const offset = entry.size(24, "sh_offset");
  const sizeBytes = entry.size(32, "sh_size");
  if (offset + sizeBytes > file.sizeBytes)
    throw objectError(
      `${title}, offset 0x${offset.toString(16)} of the file`,
      `the file was cut off: the section ends at byte ${offset + sizeBytes}, the file at ${file.sizeBytes}`,
    );
  return new Window(title, file.bytes.subarray(offset, offset + sizeBytes), file.littleEndian);
}

function readSymbols(sections: readonly ElfSection[]): ElfSymbol[] {
  const table = sections.find((section) => section.type === sectionTypes.symtab);
  if (!table) return [];
  const names = sections[table.link];
  if (!names || table.link === 0)
    throw table.data.error(0, `symbol names are in section ${table.link}, which does not exist`);
  const kinds = ["none", "object", "function", "section"] as const;
  return Array.from({ length: Math.floor(table.sizeBytes / symbolBytes) }, (_, index) => {
    const entry = table.data.part(index * symbolBytes, symbolBytes, "symbol");
    const info = entry.u8(4, "st_info");
    const nameOffset = entry.u32(0, "st_name");
    const section = entry.u16(6, "st_shndx");
    return {
      name: nameOffset === 0 ? "" : names.data.text(nameOffset, `the name of symbol ${index}`),
      kind: kinds[info & 0xf] ?? "other",
      local: info >> 4 === 0,
      // SHN_ABS, SHN_COMMON and their like name no section.
      section: section < sections.length ? section : 0,
      value: entry.size(8, "st_value"),
      sizeBytes: entry.size(16, "st_size"),
    };
  });
}
