import type { Btf } from "./btf.js";
import { joinBytes } from "./join-bytes.js";

const headerBytes = 24;

/** BTF_KIND_ numbers (include/uapi/linux/btf.h). */
const kinds = { int: 1, pointer: 2, array: 3, struct: 4, variable: 14, dataSection: 15 } as const;

/** BTF_VAR_GLOBAL_ALLOCATED. */
const globalLinkage = 1;

export interface WrittenMember {
  readonly name: string;
  readonly type: number;
}

export interface WrittenVariable {
  readonly type: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Adds types to a little-endian .BTF section, or makes a new one. Each method returns the id of its type. */
export class BtfWriter {
  readonly #types: Uint8Array[];
  readonly #strings: Uint8Array[];
  #stringBytes: number;
  #typeCount: number;

  constructor(known: Btf | undefined) {
    this.#types = known ? [known.typeTable.slice()] : [];
    // The first string is the empty one, the first type is void.
    this.#strings = [known ? known.strings.bytes : new Uint8Array(1)];
    this.#stringBytes = this.#strings[0]!.length;
    this.#typeCount = known?.types.length ?? 1;
  }

  int(name: string, sizeBytes: number): number {
    return this.#add(name, kinds.int, 0, sizeBytes, [(1 << 24) | (8 * sizeBytes)]);
  }

  pointer(type: number): number {
    return this.#add("", kinds.pointer, 0, type, []);
  }

  array(element: number, index: number, length: number): number {
    return this.#add("", kinds.array, 0, 0, [element, index, length]);
  }

  /** A struct whose members are pointers. */
  structOfPointers(members: readonly WrittenMember[]): number {
    const rows = members.flatMap(({ name, type }, i) => [this.#text(name), type, 64 * i]);
    return this.#add("", kinds.struct, members.length, 8 * members.length, rows);
  }

  variable(name: string, type: number): number {
    return this.#add(name, kinds.variable, 0, type, [globalLinkage]);
  }

  dataSection(name: string, sizeBytes: number, variables: readonly WrittenVariable[]): number {
    const rows = variables.flatMap((variable) => [variable.type, variable.offsetBytes, variable.sizeBytes]);
    return this.#add(name, kinds.dataSection, variables.length, sizeBytes, rows);
  }

  /** Makes of a type that was there, and whose rows have three words, a struct of `member`s that says nothing. */
  overwrite(known: Btf, id: number, rows: number, member: number): void {
    const words = [0, (kinds.struct << 24) | rows, 4, ...Array.from({ length: rows }, () => [0, member, 0]).flat()];
    this.#types[0]!.set(bytesOf(words), known.offsetInTable(id));
  }

  /** The whole section. */
  finish(): Uint8Array {
    const types = joinBytes(this.#types);
    const strings = joinBytes(this.#strings);
    const header = new DataView(new ArrayBuffer(headerBytes));
    header.setUint16(0, 0xeb9f, true);
    header.setUint8(2, 1);
    [headerBytes, 0, types.length, types.length, strings.length].forEach((word, i) =>
      header.setUint32(4 + 4 * i, word, true),
    );
    return joinBytes([new Uint8Array(header.buffer), types, strings]);
  }

  #add(name: string, kind: number, count: number, sizeOrType: number, rest: readonly number[]): number {
    this.#types.push(bytesOf([this.#text(name), (kind << 24) | count, sizeOrType, ...rest]));
    return this.#typeCount++;
  }

  #text(text: string): number {
    if (text === "") return 0;
    const bytes = new TextEncoder().encode(`${text}\0`);
    const at = this.#stringBytes;
    this.#strings.push(bytes);
    this.#stringBytes += bytes.length;
    return at;
  }
}

function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  return new Uint8Array(view.buffer);
}
