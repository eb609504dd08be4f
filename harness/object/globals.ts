import type { DataType, GlobalSpec } from "../model/object.js";
import type { BtfType } from "./btf.js";
import { sectionTypes, type ElfSection, type ElfSymbol } from "./elf.js";
import { readKconfig } from "./kconfig.js";
import type { ObjectFile } from "./object-file.js";
import { objectError } from "./window.js";

type DataSection = BtfType & { kind: "dataSection" };

/** Zeroes are only made up to this size: a `.bss` costs its author nothing to make huge. */
const maxZeroBytes = 64 * 1024 * 1024;

/**
 * Variables of `.data*`, `.rodata*`, `.bss` and `.kconfig`, by section and offset. Without BTF they
 * are the symbols, and their types are opaque.
 */
export function readGlobals(file: ObjectFile): GlobalSpec[] {
  const described = new Map<string, DataSection>();
  for (const type of file.btf?.types ?? []) if (type.kind === "dataSection") described.set(type.name, type);
  const inSections = file.elf.sections.filter(isDataSection).flatMap((section) => {
    const symbols = (file.symbolsIn.get(section.index) ?? []).filter((symbol) => symbol.kind === "object");
    const dataSection = described.get(section.name);
    const places = dataSection ? describedPlaces(file, dataSection, symbols) : symbolPlaces(symbols);
    if (places.length === 0) return [];
    const contents = contentsOf(section);
    return places
      .toSorted((a, b) => a.offsetBytes - b.offsetBytes)
      .map((place) => ({ ...place, section: section.name, initial: initialOf(place, section, contents) }));
  });
  const kconfig = described.get(".kconfig");
  return kconfig ? [...inSections, ...readKconfig(file, kconfig)] : inSections;
}

function isDataSection(section: ElfSection): boolean {
  return /^\.(rodata|data)(\.|$)|^\.bss$/.test(section.name) && section.sizeBytes > 0;
}

type GlobalPlace = Pick<GlobalSpec, "name" | "offsetBytes" | "sizeBytes" | "type">;

function describedPlaces(file: ObjectFile, section: DataSection, symbols: readonly ElfSymbol[]): GlobalPlace[] {
  const { btf, types } = file;
  const offsetOf = symbolOffsets(symbols);
  return section.variables.flatMap(({ type: id, offsetBytes }) => {
    const variable = btf!.type(id);
    if (variable.kind !== "variable") throw btf!.error(id, `is not a variable, but is in ${section.name}`);
    const type: DataType = types!.resolve(variable.type);
    return [
      {
        name: variable.name,
        offsetBytes: offsetOf(variable.name, offsetBytes),
        sizeBytes: type.sizeBytes,
        type,
      },
    ];
  });
}

/**
 * Where a variable lies: clang writes 0 into the BTF and leaves the truth to the symbol. Linked
 * objects may have several static variables of one name; then the BTF's offset says which is meant.
 */
function symbolOffsets(symbols: readonly ElfSymbol[]): (name: string, written: number) => number {
  const byName = new Map<string, number[]>();
  for (const { name, value } of symbols) {
    const values = byName.get(name);
    if (values) values.push(value);
    else byName.set(name, [value]);
  }
  return (name, written) => {
    const values = byName.get(name) ?? [];
    return values.includes(written) ? written : (values[0] ?? written);
  };
}

function symbolPlaces(symbols: readonly ElfSymbol[]): GlobalPlace[] {
  return symbols
    .filter(({ name }) => name !== "" && !name.startsWith(".L"))
    .map(({ name, value, sizeBytes }) => ({
      name,
      offsetBytes: value,
      sizeBytes,
      type: { kind: "opaque", name: "", sizeBytes },
    }));
}

/** All variables of a section share one buffer, so that overlapping ones cost nothing. */
function contentsOf(section: ElfSection): Uint8Array {
  if (section.type !== sectionTypes.nobits) return section.data.bytes;
  if (section.sizeBytes > maxZeroBytes)
    throw objectError(
      `section ${section.name}, offset 0x0`,
      `${section.sizeBytes} bytes of zeroes; more than ${maxZeroBytes} are not read`,
    );
  return new Uint8Array(section.sizeBytes);
}

function initialOf({ name, offsetBytes, sizeBytes }: GlobalPlace, section: ElfSection, contents: Uint8Array) {
  if (offsetBytes + sizeBytes > contents.length)
    throw section.data.error(
      offsetBytes,
      `variable '${name}' has ${sizeBytes} bytes and ends outside the section, which has ${contents.length}`,
    );
  return contents.subarray(offsetBytes, offsetBytes + sizeBytes);
}
