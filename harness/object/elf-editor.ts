import { readElf, sectionTypes, type ElfFile } from "./elf.js";
import { joinBytes } from "./join-bytes.js";

const sectionHeaderBytes = 64;
const symbolBytes = 24;

/** Offsets of fields in the header of the file, of a section and in a symbol (System V ABI, chapter 4). */
const fileField = { sectionTable: 40, sectionCount: 60, sectionNames: 62 } as const;
const sectionField = { name: 0, type: 4, flags: 8, offset: 24, size: 32, alignment: 48 } as const;
const symbolField = { section: 6, value: 8, size: 16 } as const;

/** Where a symbol lies. */
export interface SymbolPlace {
  readonly section: number;
  readonly value: number;
  readonly sizeBytes: number;
}

/**
 * Changes a little-endian ELF64 file without moving what stays: new contents and the section table go behind the
 * original file. Sections are spoken of by number.
 */
export class ElfEditor {
  readonly elf: ElfFile;
  readonly #original: Uint8Array;
  readonly #headers: DataView[];
  /** Of the sections that change. */
  readonly #contents = new Map<number, Uint8Array>();

  /** Throws HarnessError "object". */
  constructor(bytes: Uint8Array) {
    this.elf = readElf(bytes);
    this.#original = bytes;
    const table = Number(viewOf(bytes).getBigUint64(fileField.sectionTable, true));
    this.#headers = this.elf.sections.map(({ index }) => {
      const at = table + index * sectionHeaderBytes;
      return viewOf(bytes.slice(at, at + sectionHeaderBytes));
    });
  }

  replace(section: number, contents: Uint8Array): void {
    this.#contents.set(section, contents);
  }

  rename(section: number, name: string): void {
    const names = viewOf(this.#original).getUint16(fileField.sectionNames, true);
    const known = this.#changeable(names);
    this.#headers[section]!.setUint32(sectionField.name, known.length, true);
    this.replace(names, joinBytes([known, new TextEncoder().encode(`${name}\0`)]));
  }

  /** Adds a section of plain data. */
  add(name: string, contents: Uint8Array): void {
    const header = viewOf(new Uint8Array(sectionHeaderBytes));
    header.setUint32(sectionField.type, sectionTypes.progbits, true);
    header.setBigUint64(sectionField.alignment, 1n, true);
    const section = this.#headers.push(header) - 1;
    this.replace(section, contents);
    this.rename(section, name);
  }

  /** `index` is that of `elf.symbols`. */
  moveSymbol(index: number, { section, value, sizeBytes }: SymbolPlace): void {
    const table = this.elf.sections.find(({ type }) => type === sectionTypes.symtab);
    if (!table) throw new RangeError("the file has no symbols");
    const contents = this.#changeable(table.index);
    const symbol = viewOf(contents.subarray(index * symbolBytes, (index + 1) * symbolBytes));
    symbol.setUint16(symbolField.section, section, true);
    symbol.setBigUint64(symbolField.value, BigInt(value), true);
    symbol.setBigUint64(symbolField.size, BigInt(sizeBytes), true);
  }

  /** The file with all changes. */
  finish(): Uint8Array {
    const parts = [this.#original];
    let end = this.#original.length;
    const append = (bytes: Uint8Array): number => {
      const start = Math.ceil(end / 8) * 8;
      parts.push(new Uint8Array(start - end), bytes);
      end = start + bytes.length;
      return start;
    };
    for (const [section, contents] of this.#contents) {
      const header = this.#headers[section]!;
      header.setBigUint64(sectionField.offset, BigInt(append(contents)), true);
      header.setBigUint64(sectionField.size, BigInt(contents.length), true);
    }
    const table = append(joinBytes(this.#headers.map((header) => new Uint8Array(header.buffer))));
    const file = joinBytes(parts);
    viewOf(file).setBigUint64(fileField.sectionTable, BigInt(table), true);
    viewOf(file).setUint16(fileField.sectionCount, this.#headers.length, true);
    return file;
  }

  /** Contents of a section, to be written to. */
  #changeable(section: number): Uint8Array {
    const contents = this.#contents.get(section) ?? this.elf.sections[section]!.data.bytes.slice();
    this.#contents.set(section, contents);
    return contents;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
