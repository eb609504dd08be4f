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

export type ModifierKind = "typedef" | "volatile" | "const" | "restrict";

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
  /** The types as they are in the section. */
  readonly typeTable: Uint8Array;
  readonly strings: Window;

  constructor(
    types: readonly BtfType[],
    offsets: readonly number[],
    section: Window,
    typeTable: Uint8Array,
    strings: Window,
  ) {
    this.types = types;
    this.typeTable = typeTable;
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

  /** Where a type begins in `typeTable`. */
  offsetInTable(id: number): number {
    return this.#offsets[id]! - (this.#offsets[1] ?? 0);
  }

  error(id: number, message: string) {
    const name = this.types[id]?.name;
    return this.#section.error(this.#offsets[id] ?? 0, `type ${id}${name ? ` '${name}'` : ""} ${message}`);
  }
}

function isModifier(type: BtfType): type is BtfType & { kind: ModifierKind | "typeTag"; type: number } {
  return ["typedef", "volatile", "const", "restrict", "typeTag"].includes(type.kind);
}
