import type { KernelFunctionSpec } from "../model/object.js";
import type { ObjectFile } from "./object-file.js";

/** Functions of the kernel that the object declares (`__ksym`), from BTF's section .ksyms; none without BTF. */
export function readKernelFunctions({ btf, types }: ObjectFile): readonly KernelFunctionSpec[] {
  if (!btf || !types) return [];
  const variables = btf.types.flatMap((type) =>
    type.kind === "dataSection" && type.name === ".ksyms" ? type.variables : [],
  );
  return variables.flatMap(({ type: id }) => {
    const declared = btf.type(id);
    const prototype = declared.kind === "function" ? btf.type(declared.type, id) : undefined;
    if (prototype?.kind !== "prototype") return [];
    const parameters = prototype.parameters.map(({ name, type }, i) => {
      const { type: outer } = btf.skipModifiers(type);
      const target = outer.kind === "pointer" ? btf.skipModifiers(outer.type) : undefined;
      const isData = target !== undefined && ["int", "enum", "struct", "union"].includes(target.type.kind);
      return { name: name || `r${i + 1}`, pointsTo: isData ? types.resolve(target.id) : undefined };
    });
    return [{ name: declared.name, parameters }];
  });
}
