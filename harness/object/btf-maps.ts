import { mapTypes, type DataType, type MapSpec } from "../model/object.js";
import type { Btf, BtfMember, BtfType } from "./btf.js";
import type { ElfSection } from "./elf.js";
import { findSection, type ObjectFile } from "./object-file.js";
import { relocationsOf, type ElfRelocation } from "./relocations.js";

type StructOrUnion = BtfType & { kind: "struct" | "union" };

/** `struct { __uint(type, …); __type(key, …); … } name SEC(".maps")`: the definition is the variable's type. */
export function readBtfMaps(file: ObjectFile): MapSpec[] {
  const section = findSection(file.elf, ".maps");
  if (!section) return [];
  const { btf } = file;
  if (!btf) throw section.data.error(0, "maps are defined by BTF here, but there is no .BTF", "compile with clang -g");
  const dataSection = btf.types.find((type) => type.kind === "dataSection" && type.name === ".maps");
  if (dataSection?.kind !== "dataSection") throw section.data.error(0, "the BTF does not describe this section");
  const slots = readSlots(file, section);
  const symbols = new Map((file.symbolsIn.get(section.index) ?? []).map((symbol) => [symbol.name, symbol]));
  const definitions = dataSection.variables.map(({ type: id }) => {
    const variable = btf.type(id);
    if (variable.kind !== "variable") throw btf.error(id, "is not a variable, as everything in .maps must be");
    const symbol = symbols.get(variable.name);
    if (!symbol) throw section.data.error(0, `map '${variable.name}' is in the BTF but not among the symbols`);
    return { offset: symbol.value, definition: new Definition(file, variable.name, variable.type) };
  });
  return definitions
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, definition }) => ({
      ...definition.read(),
      slots: slots(offset, definition.valuesOffsetBytes()),
    }));
}

/** One map definition while it is read: a struct whose member types encode numbers and types. */
class Definition {
  readonly #file: ObjectFile;
  readonly #btf: Btf;
  readonly #name: string;
  readonly #id: number;
  readonly #struct: StructOrUnion;
  readonly #isInner: boolean;

  constructor(file: ObjectFile, name: string, typeId: number, isInner = false) {
    this.#file = file;
    this.#btf = file.btf!;
    this.#name = name;
    const { id, type } = this.#btf.skipModifiers(typeId);
    if (type.kind !== "struct") throw this.#btf.error(id, `defines map '${name}', but is no struct`);
    this.#id = id;
    this.#struct = type;
    this.#isInner = isInner;
  }

  read(): MapSpec {
    const key = this.#typed("key");
    const value = this.#typed("value");
    const keySizeBytes = this.#sizeOf("key", key);
    const inner = this.#inner();
    return {
      name: this.#name,
      type: this.#mapType(),
      keySizeBytes,
      // The values of a map of maps and of a prog_array are file descriptors.
      valueSizeBytes: this.#sizeOf("value", value) || (this.#member("values") ? 4 : 0),
      maxEntries: this.#number("max_entries"),
      flags: this.#number("map_flags"),
      key,
      value,
      inner,
      pinByName: this.#number("pinning") === 1,
      extra: this.#number("map_extra"),
      slots: [],
    };
  }

  /** Where `values` begins in the definition: relocations there fill the map's slots. */
  valuesOffsetBytes(): number | undefined {
    const values = this.#member("values");
    return values && values.offsetBits / 8;
  }

  #member(name: string): BtfMember | undefined {
    return this.#struct.members.find((member) => member.name === name);
  }

  #mapType() {
    const number = this.#number("type");
    const type = mapTypes[number];
    if (type === undefined) throw this.#error(`map '${this.#name}' has type ${number}, which is unknown`);
    return type;
  }

  /** `__uint(name, n)` is a pointer to an array of n ints; `__ulong(name, n)` an enum with one value. */
  #number(name: string): number {
    const member = this.#member(name);
    if (!member) return 0;
    const { type } = this.#btf.skipModifiers(member.type);
    if (type.kind === "enum" && type.values[0]) return Number(type.values[0].value);
    const target = type.kind === "pointer" ? this.#btf.skipModifiers(type.type).type : type;
    if (target.kind !== "array") throw this.#error(`'${name}' of map '${this.#name}' is not written with __uint()`);
    return target.length;
  }

  /** `__type(name, T)` is a pointer to T. */
  #typed(name: "key" | "value"): DataType | undefined {
    const member = this.#member(name);
    if (!member) return undefined;
    const { type } = this.#btf.skipModifiers(member.type);
    if (type.kind !== "pointer") throw this.#error(`'${name}' of map '${this.#name}' is not written with __type()`);
    return this.#file.types!.resolve(type.type);
  }

  #sizeOf(name: "key" | "value", type: DataType | undefined): number {
    const written = this.#number(`${name}_size`);
    if (written !== 0 && type && type.sizeBytes !== written)
      throw this.#error(
        `map '${this.#name}' says ${name}_size ${written}, but its ${name} has ${type.sizeBytes} bytes`,
      );
    return type?.sizeBytes ?? written;
  }

  /** `__array(values, struct {…})` of a map of maps is an array of pointers to the inner map's definition. */
  #inner(): MapSpec | undefined {
    const values = this.#member("values");
    if (!values) return undefined;
    const { type: array } = this.#btf.skipModifiers(values.type);
    const { type: pointer } = array.kind === "array" ? this.#btf.skipModifiers(array.element) : { type: array };
    if (pointer.kind !== "pointer") throw this.#error(`'values' of map '${this.#name}' is not written with __array()`);
    if (this.#btf.skipModifiers(pointer.type).type.kind === "prototype") return undefined;
    if (this.#isInner) throw this.#error(`map '${this.#name}' is an inner map and cannot hold maps itself`);
    return new Definition(this.#file, `${this.#name}.inner`, pointer.type, true).read();
  }

  #error(message: string) {
    return this.#btf.error(this.#id, `: ${message}`);
  }
}

/** What `.values = { [1] = &inner }` left as relocations, by the offset of the map's definition. */
function readSlots(file: ObjectFile, section: ElfSection) {
  const starts = (file.symbolsIn.get(section.index) ?? [])
    .filter((symbol) => symbol.kind === "object")
    .map((symbol) => symbol.value)
    .toSorted((a, b) => a - b);
  const byDefinition = new Map<number, ElfRelocation[]>();
  let next = 0;
  for (const relocation of relocationsOf(file.elf, section)) {
    while (next < starts.length && starts[next]! <= relocation.offset) next++;
    const start = starts[next - 1];
    if (start === undefined || relocation.symbol.name === "") continue;
    const list = byDefinition.get(start);
    if (list) list.push(relocation);
    else byDefinition.set(start, [relocation]);
  }
  return (definitionOffset: number, valuesOffsetBytes: number | undefined): MapSpec["slots"] => {
    if (valuesOffsetBytes === undefined) return [];
    const start = definitionOffset + valuesOffsetBytes;
    return (byDefinition.get(definitionOffset) ?? [])
      .filter(({ offset }) => offset >= start)
      .map(({ offset, symbol }) => ({ index: (offset - start) / 8, target: symbol.name }));
  };
}
