import type { LineInfo, ProgramSpec } from "../model/object.js";
import type { LineRecord } from "./btf-ext.js";
import { sectionTypes, type ElfSection, type ElfSymbol } from "./elf.js";
import type { ObjectFile } from "./object-file.js";
import { readSectionName } from "./section-name.js";

const instructionBytes = 8;

/**
 * The entry programs: global functions of executable sections. Functions in `.text` are subprograms
 * that these call, unless the object has no other section with programs (libbpf's `prog_is_subprog`).
 */
export function readPrograms(file: ObjectFile): ProgramSpec[] {
  const sections = executableSections(file);
  const entries = sections.filter((section) => section.name !== ".text").flatMap((section) => inSection(file, section));
  if (entries.length > 0) return entries;
  return sections.filter((section) => section.name === ".text").flatMap((section) => inSection(file, section));
}

/** A call of a helper: BPF_JMP | BPF_CALL, both registers 0 (RFC 9669 section 4.3.1), the helper's number as immediate. */
const helperCall = 0x0085;

/** Numbers of the helpers that programs and the functions which they share call, ascending. */
export function readHelpers(file: ObjectFile): number[] {
  const numbers = executableSections(file).flatMap(({ data: { bytes } }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const offsets = Array.from({ length: Math.floor(bytes.length / instructionBytes) }, (_, i) => i * instructionBytes);
    return offsets
      .filter((at) => view.getUint16(at, true) === helperCall)
      .map((at) => view.getInt32(at + 4, file.elf.littleEndian));
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function executableSections(file: ObjectFile): ElfSection[] {
  return file.elf.sections.filter(
    (section) => section.executable && section.type === sectionTypes.progbits && section.sizeBytes > 0,
  );
}

function inSection(file: ObjectFile, section: ElfSection): ProgramSpec[] {
  if (section.sizeBytes % instructionBytes !== 0)
    throw section.data.error(0, `${section.sizeBytes} bytes are not a whole number of 8-byte instructions`);
  const meaning = readSectionName(section.name);
  const lines = file.btfExt.lines.get(section.name) ?? [];
  return functionsIn(file, section)
    .filter((symbol) => !symbol.local)
    .map((symbol) => ({
      name: symbol.name,
      section: section.name,
      ...meaning,
      instructions: instructionsOf(section, symbol),
      lines: linesOf(lines, symbol),
    }));
}

/** Functions of a section, ascending by offset. */
export function functionsIn(file: ObjectFile, section: ElfSection): ElfSymbol[] {
  return (file.symbolsIn.get(section.index) ?? [])
    .filter((symbol) => symbol.kind === "function")
    .toSorted((a, b) => a.value - b.value);
}

function instructionsOf(section: ElfSection, symbol: ElfSymbol): Uint8Array {
  const { value, sizeBytes, name } = symbol;
  if (value % instructionBytes !== 0 || sizeBytes % instructionBytes !== 0 || sizeBytes === 0)
    throw section.data.error(value, `program '${name}' has ${sizeBytes} bytes; instructions have 8 each`);
  return section.data.part(value, sizeBytes, `program '${name}'`).bytes;
}

function linesOf(records: readonly LineRecord[], symbol: ElfSymbol): LineInfo[] {
  const first = firstAtOrAfter(records, symbol.value);
  const end = firstAtOrAfter(records, symbol.value + symbol.sizeBytes);
  return records.slice(first, end).map(({ offsetBytes, file, line, column, text }) => ({
    instruction: Math.floor((offsetBytes - symbol.value) / instructionBytes),
    file,
    line,
    column,
    text,
  }));
}

/** Binary search: sections may hold many programs and very many lines. */
function firstAtOrAfter(records: readonly LineRecord[], offsetBytes: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.offsetBytes < offsetBytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
