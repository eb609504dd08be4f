import type { DataType, GlobalSpec } from "../model/object.js";
import type { BtfType } from "./btf.js";
import type { ObjectFile } from "./object-file.js";

/** The longest string of a kernel's configuration is far shorter. */
const maxValueBytes = 4096;

/**
 * `extern … __kconfig` variables: the kernel's configuration, known only where the object is loaded.
 * They have no section in the file; libbpf lays them out by alignment (descending), size and name
 * (`cmp_externs` in libbpf.c), and so does this.
 */
export function readKconfig(file: ObjectFile, section: BtfType & { kind: "dataSection" }): GlobalSpec[] {
  const { btf, types } = file;
  const externs = section.variables.map(({ type: id }) => {
    const variable = btf!.type(id);
    if (variable.kind !== "variable") throw btf!.error(id, "is not a variable, but is in .kconfig");
    const type = types!.resolve(variable.type);
    if (type.sizeBytes > maxValueBytes)
      throw btf!.error(id, `has ${type.sizeBytes} bytes; no value of a kernel option has`);
    return { name: variable.name, type, alignment: alignmentOf(type) };
  });
  externs.sort(
    (a, b) => b.alignment - a.alignment || a.type.sizeBytes - b.type.sizeBytes || (a.name < b.name ? -1 : 1),
  );
  let end = 0;
  return externs.map(({ name, type, alignment }) => {
    const offsetBytes = Math.ceil(end / alignment) * alignment;
    end = offsetBytes + type.sizeBytes;
    return {
      name,
      section: ".kconfig",
      offsetBytes,
      sizeBytes: type.sizeBytes,
      type,
      initial: new Uint8Array(type.sizeBytes),
    };
  });
}

function alignmentOf(type: DataType): number {
  if (type.kind === "array") return alignmentOf(type.element);
  if (type.kind === "struct" || type.kind === "union")
    return type.members.reduce((most, member) => Math.max(most, alignmentOf(member.type)), 1);
  return Math.max(1, Math.min(8, type.sizeBytes));
}
