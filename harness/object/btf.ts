import type { Window } from "./window.js";

/**
 * One type of a BTF section, with references by type id; id 0 is `void`
 * (Documentation/bpf/btf.rst in the kernel, include/uapi/linux/btf.h).
 */
export type BtfType = { readonly name: string } & (
  | {
      readonly kind: "int";
      readonly sizeBytes: number;
      readonly signed: boolean;
      readonly char: boolean;
      readonly bool: boolean;
      /** Before LLVM 6 a bit-field was an int of fewer bits at an offset. */
      readonly offsetBits: number;
      readonly bits: number;
    }
  | { readonly kind: "float"; readonly sizeBytes: number }
  | { readonly kind: "pointer" | ModifierKind | "function" | "typeTag"; readonly type: number }
  | { readonly kind: "array"; readonly element: number; readonly length: number }
  | { readonly kind: "struct" | "union"; readonly sizeBytes: number; readonly members: readonly BtfMember[] }
  | {
      readonly kind: "enum";
      readonly sizeBytes: number;
      readonly signed: boolean;
      readonly values: readonly { readonly name: string; readonly value: bigint }[];
    }
  | { readonly kind: "forward" }
  | { readonly kind: "prototype"; readonly returns: number; readonly parameters: readonly BtfParameter[] }
  | { readonly kind: "variable"; readonly type: number; readonly linkage: number }
  | { readonly kind: "dataSection"; readonly sizeBytes: number; readonly variables: readonly BtfVariable[] }
  | { readonly kind: "declTag"; readonly type: number; readonly component: number }
);

type ModifierKind = "typedef" | "volatile" | "const" | "restrict";

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly offsetBits: number;
  /** Width of a bit-field; 0 for an ordinary member. */
  readonly bitfieldBits: number;
}

interface BtfParameter {
  readonly name: string;
  readonly type: number;
}

export interface BtfVariable {
  /** Id of a `variable`, or of a `function` for externs in `.ksyms`. */
  readonly type: number;
  /** What the compiler wrote; clang leaves 0 here and puts the offset into a relocation or the symbol. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export class Btf {
  /** By type id. */
  readonly types: readonly BtfType[];
  /** Where each type starts in the section, for messages. */
  readonly #offsets: readonly number[];
  readonly #section: Window;
  readonly strings: Window;

  constructor(types: readonly BtfType[], offsets: readonly number[], section: Window, strings: Window) {
    this.types = types;
    this.#offsets = offsets;
    this.#section = section;
    this.strings = strings;
  }

  /** The type of an id; an id beyond the table is an error at the type `from` that refers to it. */
  type(id: number, from?: number): BtfType {
    const type = this.types[id];
    if (!type) throw this.error(from ?? 0, `refers to type ${id}, but there are only ${this.types.length}`);
    return type;
  }

  /** Follows typedefs, qualifiers and type tags; also gives the names of the typedefs, outermost first. */
  skipModifiers(id: number): { readonly id: number; readonly type: BtfType; readonly typedefs: readonly string[] } {
    const typedefs: string[] = [];
    let type = this.type(id);
    for (let steps = 0; isModifier(type); steps++) {
      if (steps > this.types.length) throw this.error(id, "is defined by itself (a loop of typedefs or qualifiers)");
      if (type.kind === "typedef") typedefs.push(type.name);
      const next = type.type;
      type = this.type(next, id);
      id = next;
    }
    return { id, type, typedefs };
  }

  error(id: number, message: string) {
    const name = this.types[id]?.name;
    return this.#section.error(this.#offsets[id] ?? 0, `type ${id}${name ? ` '${name}'` : ""} ${message}`);
  }
}

function isModifier(type: BtfType): type is BtfType & { kind: ModifierKind | "typeTag"; type: number } {
  return ["typedef", "volatile", "const", "restrict", "typeTag"].includes(type.kind);
}

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
  return new Btf(list, offsets, section, strings);
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
