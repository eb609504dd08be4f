import type { BpfObject } from "../model/object.js";
import { readBtfMaps } from "./btf-maps.js";
import { readGlobals } from "./globals.js";
import { readKernelFunctions } from "./kernel-functions.js";
import { readLegacyMaps } from "./legacy-maps.js";
import { findSection, openObject } from "./object-file.js";
import { readHelpers, readPrograms } from "./programs.js";

/**
 * Reads an ELF file as clang writes it for BPF. Depends on nothing but the bytes, so the same bytes
 * give the same object on every machine.
 *
 * @param name file name; folders and everything from the first dot on are left out, as libbpf does.
 * @throws HarnessError "object" with section and offset for anything that is not a whole BPF object.
 */
export function readObject(contents: Uint8Array, name: string): BpfObject {
  // A Buffer's parts would be Buffers too, which are not equal to arrays of the same bytes.
  const bytes = new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength);
  const file = openObject(bytes);
  const license = findSection(file.elf, "license");
  return {
    name: objectName(name),
    bytes,
    byteOrder: file.elf.littleEndian ? "little" : "big",
    license: license && license.sizeBytes > 0 ? license.data.text(0, "the licence") : "",
    programs: readPrograms(file),
    sources: [...new Set([...file.btfExt.lines.values()].flat().map((record) => record.file))].sort(),
    helpers: readHelpers(file),
    maps: [...readLegacyMaps(file), ...readBtfMaps(file)],
    globals: readGlobals(file),
    structs: file.types?.namedStructs() ?? [],
    kernelFunctions: readKernelFunctions(file),
  };
}

function objectName(path: string): string {
  const base = path.split(/[/\\]/).at(-1) ?? path;
  return base.split(".")[0] || base;
}
