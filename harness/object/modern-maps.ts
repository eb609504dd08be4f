import { mapTypes, type MapSpec } from "../model/object.js";
import type { Btf } from "./btf.js";
import { BtfWriter, type WrittenMember, type WrittenVariable } from "./btf-writer.js";
import type { ElfFile, ElfSection } from "./elf.js";
import { ElfEditor } from "./elf-editor.js";
import { isLegacyMapSection, readLegacyMaps } from "./legacy-maps.js";
import { findSection, openObject } from "./object-file.js";

/**
 * An object with `SEC("maps")` as libbpf takes it since version 1.0: the same maps, described by BTF in `.maps`
 * (tools/lib/bpf/libbpf.c, parse_btf_map_def). Others come back as they are.
 *
 * Throws HarnessError "object".
 */
export function withModernMaps(bytes: Uint8Array): Uint8Array {
  const editor = new ElfEditor(bytes);
  const { elf } = editor;
  const sections = elf.sections.filter(isLegacyMapSection);
  const [section] = sections;
  if (!section || !elf.littleEndian) return bytes;
  const file = openObject(bytes);
  const { btf } = file;
  const maps = readLegacyMaps(file);
  const writer = new BtfWriter(btf);
  const int = writer.int("int", 4);
  const variables: WrittenVariable[] = [];
  let end = 0;
  for (const map of maps) {
    const members = membersOf(map, btf, writer, int);
    const sizeBytes = 8 * members.length;
    const type = writer.variable(map.name, writer.structOfPointers(members));
    variables.push({ type, offsetBytes: end, sizeBytes });
    editor.moveSymbol(symbolOf(elf, sections, map.name), { section: section.index, value: end, sizeBytes });
    end += sizeBytes;
  }
  writer.dataSection(".maps", end, variables);
  if (btf) dropDataSections(btf, sections, writer, int);
  editor.rename(section.index, ".maps");
  editor.replace(section.index, new Uint8Array(end));
  const btfSection = findSection(elf, ".BTF");
  if (btfSection) editor.replace(btfSection.index, writer.finish());
  else editor.add(".BTF", writer.finish());
  return editor.finish();
}

/** What `__uint(…)` and `__type(…)` make of a definition; what is 0 is left out. */
function membersOf(map: MapSpec, btf: Btf | undefined, writer: BtfWriter, int: number): WrittenMember[] {
  const number = (name: string, value: number): WrittenMember[] =>
    value === 0 ? [] : [{ name, type: writer.pointer(writer.array(int, int, value)) }];
  const typed = (name: "key" | "value", sizeBytes: number): WrittenMember[] => {
    const type = map[name] && annotatedType(btf, map.name, name);
    return type === undefined ? number(`${name}_size`, sizeBytes) : [{ name, type: writer.pointer(type) }];
  };
  return [
    ...number("type", mapTypes.indexOf(map.type)),
    ...typed("key", map.keySizeBytes),
    ...typed("value", map.valueSizeBytes),
    ...number("max_entries", map.maxEntries),
    ...number("map_flags", map.flags),
  ];
}

/** The type that BPF_ANNOTATE_KV_PAIR gives. */
function annotatedType(btf: Btf | undefined, map: string, part: "key" | "value"): number | undefined {
  const pair = btf?.types.find(({ kind, name }) => kind === "struct" && name === `____btf_map_${map}`);
  return pair?.kind === "struct" ? pair.members.find(({ name }) => name === part)?.type : undefined;
}

/** libbpf looks for the ELF section of every section that the BTF describes. */
function dropDataSections(btf: Btf, sections: readonly ElfSection[], writer: BtfWriter, int: number): void {
  for (const [id, type] of btf.types.entries())
    if (type.kind === "dataSection" && sections.some(({ name }) => name === type.name))
      writer.overwrite(btf, id, type.variables.length, int);
}

function symbolOf(elf: ElfFile, sections: readonly ElfSection[], map: string): number {
  return elf.symbols.findIndex(({ name, section }) => name === map && sections.some(({ index }) => index === section));
}
