import type { Btf, BtfMember, BtfType } from "./btf.js";

/** `task_struct___old` means task_struct: what follows three underscores is a flavour (tools/lib/bpf/libbpf.c). */
export function essentialName(name: string): string {
  const flavour = name.indexOf("___", 1);
  return flavour < 0 ? name : name.slice(0, flavour);
}

/** The kernel's types, found by what programs call them. */
export class KernelTypes {
  readonly btf: Btf;
  readonly #byName = new Map<string, number[]>();

  constructor(btf: Btf) {
    this.btf = btf;
    btf.types.forEach(({ name }, id) => {
      if (name === "" || id === 0) return;
      const key = essentialName(name);
      const ids = this.#byName.get(key);
      if (ids) ids.push(id);
      else this.#byName.set(key, [id]);
    });
  }

  /** Types of that essential name and the same kind; both kinds of enum are one. */
  candidates(type: BtfType): readonly number[] {
    const ids = this.#byName.get(essentialName(type.name)) ?? [];
    return ids.filter((id) => this.btf.types[id]!.kind === type.kind);
  }
}

/** A place that a program names: a type, and what of it. */
export interface CoreSpec {
  readonly btf: Btf;
  readonly root: number;
  readonly steps: readonly CoreStep[];
  readonly offsetBits: number;
}

/** A member of a struct by name, an element of an array by index, or an enumerator. */
export interface CoreStep {
  /** The struct, the array's element type, or the enum. */
  readonly type: number;
  readonly index: number;
  /** Undefined for elements, and for members without a name, which are passed through. */
  readonly name: string | undefined;
}

export type Composite = BtfType & { readonly kind: "struct" | "union" };

export function isComposite(type: BtfType): type is Composite {
  return type.kind === "struct" || type.kind === "union";
}

/** Bytes of a type; undefined where it has no size. */
export function sizeOf(btf: Btf, id: number): number | undefined {
  const { type } = btf.skipModifiers(id);
  if (type.kind === "pointer") return 8;
  if ("sizeBytes" in type) return type.sizeBytes;
  if (type.kind !== "array") return undefined;
  const element = sizeOf(btf, type.element);
  return element === undefined ? undefined : element * type.length;
}

export function memberOf({ btf }: CoreSpec, { type, index, name }: CoreStep): BtfMember | undefined {
  const composite = btf.type(type);
  return name !== undefined && isComposite(composite) ? composite.members[index] : undefined;
}

/**
 * Reads a relocation's path as clang wrote it for the program's own types (bpf_core_parse_spec() of
 * tools/lib/bpf/relo_core.c). Undefined for a path that leads nowhere.
 */
export function localSpec(btf: Btf, root: number, access: string): CoreSpec | undefined {
  const path = access.split(":").map(Number);
  const size = sizeOf(btf, root) ?? 0;
  if (path.some((index) => !Number.isInteger(index) || index < 0)) return undefined;
  let { id } = btf.skipModifiers(root);
  const steps: CoreStep[] = [{ type: id, index: path[0]!, name: undefined }];
  let offsetBits = path[0]! * size * 8;
  for (const index of path.slice(1)) {
    const type = btf.type(id);
    if (isComposite(type)) {
      const member = type.members[index];
      if (!member) return undefined;
      offsetBits += member.offsetBits;
      if (member.name !== "") steps.push({ type: id, index, name: member.name });
      id = btf.skipModifiers(member.type).id;
    } else if (type.kind === "array") {
      id = btf.skipModifiers(type.element).id;
      steps.push({ type: id, index, name: undefined });
      offsetBits += index * (sizeOf(btf, id) ?? 0) * 8;
    } else {
      return undefined;
    }
  }
  return { btf, root, steps, offsetBits };
}

/** The same place in another type, by names of members (bpf_core_spec_match()); undefined where there is none. */
export function matchSpec(local: CoreSpec, btf: Btf, root: number): CoreSpec | undefined {
  let { id } = btf.skipModifiers(root);
  const [first, ...rest] = local.steps;
  const steps: CoreStep[] = [{ type: id, index: first!.index, name: undefined }];
  let offsetBits = first!.index * (sizeOf(btf, id) ?? 0) * 8;
  for (const step of rest) {
    if (step.name === undefined) {
      const type = btf.type(id);
      // An array of no length is the open end of a struct.
      if (type.kind !== "array" || (type.length > 0 && step.index >= type.length)) return undefined;
      id = btf.skipModifiers(type.element).id;
      steps.push({ type: id, index: step.index, name: undefined });
      offsetBits += step.index * (sizeOf(btf, id) ?? 0) * 8;
      continue;
    }
    const found = findMember(btf, id, step.name);
    const own = memberOf(local, step);
    if (!found || !own || !areCompatible(local.btf, own.type, btf, found.member.type)) return undefined;
    steps.push({ type: found.type, index: found.index, name: step.name });
    offsetBits += found.offsetBits;
    id = btf.skipModifiers(found.member.type).id;
  }
  return { btf, root, steps, offsetBits };
}

interface FoundMember {
  readonly type: number;
  readonly index: number;
  readonly member: BtfMember;
  readonly offsetBits: number;
}

/** A member by name, also inside of members that have none. */
function findMember(btf: Btf, id: number, name: string): FoundMember | undefined {
  const type = btf.type(id);
  if (!isComposite(type)) return undefined;
  for (const [index, member] of type.members.entries()) {
    if (member.name === name) return { type: id, index, member, offsetBits: member.offsetBits };
    if (member.name !== "") continue;
    const inner = findMember(btf, btf.skipModifiers(member.type).id, name);
    if (inner) return { ...inner, offsetBits: member.offsetBits + inner.offsetBits };
  }
  return undefined;
}

/** Whether a program's member may be what the kernel has under its name (bpf_core_fields_are_compat()). */
function areCompatible(localBtf: Btf, localId: number, btf: Btf, id: number): boolean {
  const local = localBtf.skipModifiers(localId).type;
  const other = btf.skipModifiers(id).type;
  if (isComposite(local) && isComposite(other)) return true;
  if (local.kind !== other.kind) return false;
  switch (local.kind) {
    case "pointer":
    case "float":
    case "int":
      return true;
    case "enum":
    case "forward": {
      const names = [essentialName(local.name), essentialName(other.name)];
      return names.includes("") || names[0] === names[1];
    }
    case "array":
      return other.kind === "array" && areCompatible(localBtf, local.element, btf, other.element);
    default:
      return false;
  }
}

/** Whether types of one name are the same as far as a program may ask (bpf_core_types_are_compat()). */
export function areTypesCompatible(localBtf: Btf, localId: number, btf: Btf, id: number, depth = 32): boolean {
  const local = localBtf.skipModifiers(localId).type;
  const other = btf.skipModifiers(id).type;
  if (local.kind !== other.kind || depth === 0) return false;
  if (local.kind === "pointer" && other.kind === "pointer")
    return areTypesCompatible(localBtf, local.type, btf, other.type, depth - 1);
  if (local.kind === "array" && other.kind === "array")
    return areTypesCompatible(localBtf, local.element, btf, other.element, depth - 1);
  if (local.kind === "prototype" && other.kind === "prototype") {
    if (local.parameters.length !== other.parameters.length) return false;
    return (
      areTypesCompatible(localBtf, local.returns, btf, other.returns, depth - 1) &&
      local.parameters.every(({ type }, i) =>
        areTypesCompatible(localBtf, type, btf, other.parameters[i]!.type, depth - 1),
      )
    );
  }
  return true;
}
