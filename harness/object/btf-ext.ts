import type { Btf } from "./btf.js";
import { readBtfHeader } from "./read-btf.js";
import type { Window } from "./window.js";

/** What .BTF.ext says about instructions, by ELF section name and ascending by offset in that section. */
export interface BtfExt {
  readonly functions: RecordsBySection<FunctionRecord>;
  readonly lines: RecordsBySection<LineRecord>;
  readonly coreRelocations: RecordsBySection<CoreRelocation>;
}

export type RecordsBySection<T> = ReadonlyMap<string, readonly T[]>;

interface AtInstruction {
  /** Bytes from the beginning of the section. */
  readonly offsetBytes: number;
}

export interface FunctionRecord extends AtInstruction {
  /** Id of a BTF `function`. */
  readonly type: number;
}

export interface LineRecord extends AtInstruction {
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** An access to a struct of the running kernel whose offset the loader has to find (`bpf_core_relo`). */
export interface CoreRelocation extends AtInstruction {
  readonly type: number;
  /** `0:1:2`: the path of members, or an enumerator's index. */
  readonly access: string;
  /** BPF_CORE_ number: 0 = byte offset, 1 = byte size, 2 = exists, … */
  readonly kind: number;
}

export const noBtfExt: BtfExt = { functions: new Map(), lines: new Map(), coreRelocations: new Map() };

/** Reads .BTF.ext, whose strings are those of .BTF. Throws HarnessError "object". */
export function readBtfExt(section: Window, btf: Btf): BtfExt {
  const headerBytes = readBtfHeader(section);
  const text = (offset: number, what: string) => btf.strings.text(offset, what);
  const table = (at: number, what: string) =>
    section.part(headerBytes + section.u32(at, what), section.u32(at + 4, what), what);
  return {
    functions: readTable(table(8, "function info"), 8, text, (record, offsetBytes) => ({
      offsetBytes,
      type: record.u32(4, "a function's type"),
    })),
    lines: readTable(table(16, "line info"), 16, text, (record, offsetBytes) => ({
      offsetBytes,
      file: text(record.u32(4, "a line's file"), "a line's file"),
      text: text(record.u32(8, "a line's text"), "a line's text"),
      line: record.u32(12, "a line's number") >>> 10,
      column: record.u32(12, "a line's column") & 0x3ff,
    })),
    // The header of LLVM before version 10 ends before these.
    coreRelocations:
      headerBytes < 32
        ? new Map()
        : readTable(table(24, "CO-RE relocations"), 16, text, (record, offsetBytes) => ({
            offsetBytes,
            type: record.u32(4, "a relocation's type"),
            access: text(record.u32(8, "a relocation's access"), "a relocation's access"),
            kind: record.u32(12, "a relocation's kind"),
          })),
  };
}

/** A record size, then for each ELF section its name, the number of records, and these. */
function readTable<T extends AtInstruction>(
  table: Window,
  leastBytes: number,
  text: (offset: number, what: string) => string,
  readRecord: (record: Window, offsetBytes: number) => T,
): RecordsBySection<T> {
  const bySection = new Map<string, T[]>();
  if (table.sizeBytes === 0) return bySection;
  const recordBytes = table.u32(0, "the size of records");
  if (recordBytes < leastBytes)
    throw table.error(0, `records of ${recordBytes} bytes; they have at least ${leastBytes}`);
  for (let at = 4; at < table.sizeBytes;) {
    const name = text(table.u32(at, "a section's name"), "a section's name");
    const count = table.u32(at + 4, "the number of records");
    const records = table.part(at + 8, count * recordBytes, `${count} records of ${recordBytes} bytes`);
    const list = bySection.get(name) ?? [];
    for (let i = 0; i < count; i++) {
      const record = records.part(i * recordBytes, recordBytes, "a record");
      list.push(readRecord(record, record.u32(0, "an instruction's offset")));
    }
    bySection.set(name, list);
    at += 8 + count * recordBytes;
  }
  for (const list of bySection.values()) list.sort((a, b) => a.offsetBytes - b.offsetBytes);
  return bySection;
}
