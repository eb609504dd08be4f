/** Opcodes of the WebAssembly core specification 1.0, §5.4, by their names in the text format. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i32Load16U: 0x2f,
  i64Load8S: 0x30,
  i64Load8U: 0x31,
  i64Load16S: 0x32,
  i64Load16U: 0x33,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i64Store8: 0x3c,
  i64Store16: 0x3d,
  i64Store32: 0x3e,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtS: 0x55,
  i64GtU: 0x56,
  i64LeS: 0x57,
  i64LeU: 0x58,
  i64GeS: 0x59,
  i64GeU: 0x5a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotl: 0x77,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64DivU: 0x80,
  i64RemS: 0x81,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i32WrapI64: 0xa7,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i32Extend8S: 0xc0,
  i32Extend16S: 0xc1,
  i64Extend8S: 0xc2,
  i64Extend16S: 0xc3,
  i64Extend32S: 0xc4,
} as const;

export const i32 = 0x7f;
export const i64 = 0x7e;
export const noResult = 0x40;

/** Bytes that grow: LEB128 numbers, names, and what goes between them. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** One to four bytes: without a list, since most of what is written goes through here. */
  byte(first: number, second?: number, third?: number, fourth?: number): this {
    if (this.#length + 4 > this.#bytes.length) this.#grow(this.#length + 4);
    const bytes = this.#bytes;
    bytes[this.#length++] = first;
    if (second === undefined) return this;
    bytes[this.#length++] = second;
    if (third === undefined) return this;
    bytes[this.#length++] = third;
    if (fourth !== undefined) bytes[this.#length++] = fourth;
    return this;
  }

  append(bytes: Uint8Array): this {
    this.#grow(this.#length + bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Unsigned LEB128 of a number below 2^32. */
  unsigned(value: number): this {
    if (value < 0x80) return this.byte(value);
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128. */
  signed(value: number | bigint): this {
    return typeof value === "number" && value === (value | 0) ? this.#signed32(value) : this.#signed64(BigInt(value));
  }

  #signed32(value: number): this {
    if (value >= -64 && value < 64) return this.byte(value & 0x7f);
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const done = rest === ((low & 0x40) === 0 ? 0 : -1);
      this.byte(done ? low : low | 0x80);
      if (done) return this;
    }
  }

  #signed64(value: bigint): this {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
      this.byte(done ? low : low | 0x80);
      if (done) return this;
    }
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.unsigned(bytes.length).append(bytes);
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface ImportedFunction {
  readonly name: string;
  /** Index into the types. */
  readonly type: number;
}

export interface DefinedFunction {
  readonly type: number;
  /** Types of locals beyond the parameters. */
  readonly locals: readonly number[];
  /** Instructions, without the last `end`. */
  readonly body: Uint8Array;
  readonly exportName?: string;
}

export interface ModuleParts {
  readonly types: readonly FunctionType[];
  readonly imports: readonly ImportedFunction[];
  readonly functions: readonly DefinedFunction[];
  /** 64 KiB pages of the memory imported as `machine.memory`. */
  readonly memoryPages: number;
}

/** A module that imports everything from `machine`, memory included (§5.5 of the specification). */
export function encodeModule({ types, imports, functions, memoryPages }: ModuleParts): Uint8Array<ArrayBuffer> {
  const module = new Writer().byte(0x00, 0x61, 0x73, 0x6d).byte(0x01, 0x00, 0x00, 0x00);
  section(module, 1, types, (out, type) => {
    out.byte(0x60).unsigned(type.parameters.length).append(Uint8Array.from(type.parameters));
    out.unsigned(type.results.length).append(Uint8Array.from(type.results));
  });
  const imported: readonly (ImportedFunction | "memory")[] = ["memory", ...imports];
  section(module, 2, imported, (out, item) => {
    out.name("machine");
    if (item === "memory") out.name("memory").byte(0x02, 0x01).unsigned(memoryPages).unsigned(memoryPages);
    else out.name(item.name).byte(0x00).unsigned(item.type);
  });
  section(module, 3, functions, (out, { type }) => out.unsigned(type));
  const exported = functions.flatMap(({ exportName }, i) =>
    exportName === undefined ? [] : [{ exportName, index: imports.length + i }],
  );
  section(module, 7, exported, (out, item) => out.name(item.exportName).byte(0x00).unsigned(item.index));
  section(module, 10, functions, (out, { locals, body }) => {
    const text = new Writer().unsigned(locals.length);
    for (const type of locals) text.unsigned(1).byte(type);
    text.append(body).byte(op.end);
    out.unsigned(text.length).append(text.bytes);
  });
  return module.bytes;
}

function section<T>(module: Writer, id: number, items: readonly T[], write: (out: Writer, item: T) => void): void {
  const contents = new Writer().unsigned(items.length);
  for (const item of items) write(contents, item);
  module.byte(id).unsigned(contents.length).append(contents.bytes);
}
