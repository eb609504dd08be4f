import { mapTypes, type DataType, type MapSpec } from "../model/object.js";
import type { ElfSection, ElfSymbol } from "./elf.js";
import type { ObjectFile } from "./object-file.js";

/** type, key_size, value_size, max_entries, map_flags: what all loaders' `struct bpf_map_def` begin with. */
const definitionBytes = 20;

/** The oldest ones had no flags. */
const leastBytes = 16;

/**
 * `struct bpf_map_def SEC("maps")`, as libbpf before 1.0, iproute2 and old loaders take them. What
 * follows the first five words differs between loaders and is not read.
 */
export function readLegacyMaps(file: ObjectFile): MapSpec[] {
  const annotations = findAnnotations(file);
  return file.elf.sections.filter(isLegacyMapSection).flatMap((section) => {
    const symbols = (file.symbolsIn.get(section.index) ?? []).filter((symbol) => isDefinition(symbol));
    return symbols.toSorted((a, b) => a.value - b.value).map((symbol) => readDefinition(section, symbol, annotations));
  });
}

export function isLegacyMapSection({ name }: ElfSection): boolean {
  return name === "maps" || name.startsWith("maps/");
}

function isDefinition(symbol: ElfSymbol): boolean {
  return symbol.name !== "" && (symbol.kind === "object" || symbol.kind === "none");
}

function readDefinition(section: ElfSection, symbol: ElfSymbol, annotations: Annotations): MapSpec {
  const sizeBytes = Math.min(definitionBytes, symbol.sizeBytes || definitionBytes);
  const definition = section.data.part(symbol.value, Math.max(sizeBytes, leastBytes), `map '${symbol.name}'`);
  const word = (index: number) => definition.u32(4 * index, `map '${symbol.name}'`);
  const type = mapTypes[word(0)];
  if (type === undefined) throw definition.error(0, `map '${symbol.name}' has type ${word(0)}, which is unknown`);
  const keySizeBytes = word(1);
  const valueSizeBytes = word(2);
  return {
    name: symbol.name,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries: word(3),
    flags: definition.sizeBytes < definitionBytes ? 0 : word(4),
    key: annotations.typeOf(symbol.name, "key", keySizeBytes),
    value: annotations.typeOf(symbol.name, "value", valueSizeBytes),
    inner: undefined,
    pinByName: false,
    extra: 0,
    slots: [],
  };
}

interface Annotations {
  typeOf(map: string, part: "key" | "value", sizeBytes: number): DataType | undefined;
}

/** BPF_ANNOTATE_KV_PAIR gave legacy maps their types: `struct ____btf_map_NAME { key; value; }`. */
function findAnnotations({ btf, types }: ObjectFile): Annotations {
  const ids = new Map<string, number>();
  for (const [id, type] of (btf?.types ?? []).entries()) if (type.kind === "struct") ids.set(type.name, id);
  return {
    typeOf(map, part, sizeBytes) {
      const id = ids.get(`____btf_map_${map}`);
      const pair = id === undefined ? undefined : types?.resolve(id);
      if (pair?.kind !== "struct") return undefined;
      const type = pair.members.find((member) => member.name === part)?.type;
      return type?.sizeBytes === sizeBytes ? type : undefined;
    },
  };
}
