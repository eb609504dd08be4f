import { Btf, type BtfType, type ModifierKind } from "./btf.js";
import type { Window } from "./window.js";

const btfMagic = 0xeb9f;

/** Reads the .BTF section's own header, type table and strings. Throws HarnessError "object". */
export function readBtf(section: Window): Btf {
  const headerBytes = readBtfHeader(section);
  const types = section.part(
    headerBytes + section.u32(8, "type_off"),
    section.u32(12, "type_len"),
    "the table of types",
  );
  const strings = section.part(
    headerBytes + section.u32(16, "str_off"),
    section.u32(20, "str_len"),
    "the table of strings",
  );
  const list: BtfType[] = [{ kind: "forward", name: "void" }];
  const offsets: number[] = [0];
  for (let at = 0; at < types.sizeBytes;) {
    const { type, sizeBytes } = readType(types, at, strings);
    list.push(type);
    offsets.push(headerBytes + section.u32(8, "type_off") + at);
    at += sizeBytes;
  }
  return new Btf(list, offsets, section, types.bytes, strings);
}

/** Checks the header that .BTF and .BTF.ext share; returns its length. */
export function readBtfHeader(section: Window): number {
  const magic = section.u16(0, "the BTF header");
  if (magic !== btfMagic)
    throw section.error(0, `magic 0x${magic.toString(16)} is not BTF's 0x${btfMagic.toString(16)}`);
  const version = section.u8(2, "the BTF version");
  if (version !== 1) throw section.error(2, `BTF version ${version} is unknown; there is only version 1`);
  const headerBytes = section.u32(4, "the BTF header's length");
  if (headerBytes < 24) throw section.error(4, `a BTF header of ${headerBytes} bytes; it has at least 24`);
  return headerBytes;
}

interface Read {
  readonly type: BtfType;
  readonly sizeBytes: number;
}

function readType(types: Window, at: number, strings: Window): Read {
  const name = strings.text(types.u32(at, "a type"), "a type's name");
  const info = types.u32(at + 4, "a type's info");
  const count = info & 0xffff;
  const flag = info >>> 31 === 1;
  const third = types.u32(at + 8, "a type's size");
  const rows = new Rows(types, at + 12, count, strings);
  const read = readKind[(info >>> 24) & 0x1f];
  if (!read) throw types.error(at + 4, `BTF kind ${(info >>> 24) & 0x1f} is unknown`);
  const { rowBytes, extraBytes = 0, type } = read(rows, third, flag);
  return { type: { name, ...type }, sizeBytes: 12 + extraBytes + rowBytes * count };
}

/** What follows a type's three common words: so many rows, or a few words. */
class Rows {
  readonly #types: Window;
  readonly #at: number;
  readonly #strings: Window;
  readonly count: number;

  constructor(types: Window, at: number, count: number, strings: Window) {
    this.#types = types;
    this.#at = at;
    this.count = count;
    this.#strings = strings;
  }

  word(index: number): number {
    return this.#types.u32(this.#at + 4 * index, "the rest of a type");
  }

  list<T>(wordsPerRow: number, row: (word: (index: number) => number, name: (index: number) => string) => T): T[] {
    return Array.from({ length: this.count }, (_, i) => {
      const word = (index: number) => this.word(i * wordsPerRow + index);
      return row(word, (index) => this.#strings.text(word(index), "a member's name"));
    });
  }
}

// A union's `Omit` would merge its members, so it is distributed over them.
type Nameless<T> = T extends BtfType ? Omit<T, "name"> : never;
type KindReader = (
  rows: Rows,
  third: number,
  flag: boolean,
) => { readonly rowBytes: number; readonly extraBytes?: number; readonly type: Nameless<BtfType> };

/** By BTF_KIND_ number. */
const readKind: Readonly<Record<number, KindReader>> = {
  1: (rows, sizeBytes) => {
    const encoding = rows.word(0) >>> 24;
    return {
      rowBytes: 0,
      extraBytes: 4,
      type: {
        kind: "int",
        sizeBytes,
        signed: (encoding & 1) !== 0,
        char: (encoding & 2) !== 0,
        bool: (encoding & 4) !== 0,
        offsetBits: (rows.word(0) >>> 16) & 0xff,
        bits: rows.word(0) & 0xff,
      },
    };
  },
  2: reference("pointer"),
  3: (rows) => ({
    rowBytes: 0,
    extraBytes: 12,
    type: { kind: "array", element: rows.word(0), length: rows.word(2) },
  }),
  4: members("struct"),
  5: members("union"),
  6: (rows, sizeBytes, signed) => ({
    rowBytes: 8,
    type: {
      kind: "enum",
      sizeBytes,
      signed,
      values: rows.list(2, (word, name) => ({ name: name(0), value: BigInt(signed ? word(1) | 0 : word(1)) })),
    },
  }),
  7: () => ({ rowBytes: 0, type: { kind: "forward" } }),
  8: reference("typedef"),
  9: reference("volatile"),
  10: reference("const"),
  11: reference("restrict"),
  // A function's count is its linkage.
  12: (_, type) => ({ rowBytes: 0, type: { kind: "function", type } }),
  13: (rows, returns) => ({
    rowBytes: 8,
    type: {
      kind: "prototype",
      returns,
      parameters: rows.list(2, (word, name) => ({ name: name(0), type: word(1) })),
    },
  }),
  14: (rows, type) => ({ rowBytes: 0, extraBytes: 4, type: { kind: "variable", type, linkage: rows.word(0) } }),
  15: (rows, sizeBytes) => ({
    rowBytes: 12,
    type: {
      kind: "dataSection",
      sizeBytes,
      variables: rows.list(3, (word) => ({ type: word(0), offsetBytes: word(1), sizeBytes: word(2) })),
    },
  }),
  16: (_, sizeBytes) => ({ rowBytes: 0, type: { kind: "float", sizeBytes } }),
  17: (rows, type) => ({ rowBytes: 0, extraBytes: 4, type: { kind: "declTag", type, component: rows.word(0) | 0 } }),
  18: reference("typeTag"),
  19: (rows, sizeBytes, signed) => ({
    rowBytes: 12,
    type: {
      kind: "enum",
      sizeBytes,
      signed,
      values: rows.list(3, (word, name) => {
        const value = (BigInt(word(2)) << 32n) | BigInt(word(1));
        return { name: name(0), value: signed ? BigInt.asIntN(64, value) : value };
      }),
    },
  }),
};

function reference(kind: "pointer" | ModifierKind | "typeTag"): KindReader {
  return (_, type) => ({ rowBytes: 0, type: { kind, type } });
}

function members(kind: "struct" | "union"): KindReader {
  return (rows, sizeBytes, bitfields) => ({
    rowBytes: 12,
    type: {
      kind,
      sizeBytes,
      // With kind_flag the upper eight bits of an offset are the width of a bit-field.
      members: rows.list(3, (word, name) => ({
        name: name(0),
        type: word(1),
        offsetBits: bitfields ? word(2) & 0xffffff : word(2),
        bitfieldBits: bitfields ? word(2) >>> 24 : 0,
      })),
    },
  });
}
