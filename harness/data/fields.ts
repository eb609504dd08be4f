import type { DataType, StructType } from "../model/object.js";

/** A member as one speaks of it: those of anonymous structs and unions are their parent's. */
export interface Field {
  readonly name: string;
  /** From the beginning of the struct that was asked for. */
  readonly offsetBits: number;
  readonly bitfieldBits: number | undefined;
  readonly type: DataType;
  /** Which alternative of which union this is, outermost first; two of one union cannot both be written. */
  readonly alternatives: readonly { readonly union: string; readonly index: number }[];
}

const known = new WeakMap<StructType, readonly Field[]>();

/** All members of a struct or union, in order. */
export function fieldsOf(type: StructType): readonly Field[] {
  let fields = known.get(type);
  if (!fields) {
    fields = flatten(type, 0, [], "");
    known.set(type, fields);
  }
  return fields;
}

function flatten(
  type: StructType,
  offsetBits: number,
  alternatives: Field["alternatives"],
  path: string,
): readonly Field[] {
  return type.members.flatMap((member, index) => {
    const inside = type.kind === "union" ? [...alternatives, { union: path, index }] : alternatives;
    const at = offsetBits + member.offsetBits;
    if (member.name === "" && (member.type.kind === "struct" || member.type.kind === "union"))
      return flatten(member.type, at, inside, `${path}/${index}`);
    // Unnamed bit-fields are padding.
    if (member.name === "") return [];
    const { name, bitfieldBits, type: memberType } = member;
    return [{ name, offsetBits: at, bitfieldBits, type: memberType, alternatives: inside }];
  });
}

/** A type as C writes it: `struct flow`, `__u32`, `__u8[6]`. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case "int":
    case "float":
      return type.name;
    case "enum":
    case "struct":
    case "union":
      return type.name ? `${type.kind} ${type.name}` : `an anonymous ${type.kind}`;
    case "array":
      return `${typeName(type.element)}[${type.length}]`;
    case "pointer":
      return "a pointer";
    case "opaque":
      return `${type.sizeBytes} bytes without a type`;
  }
}

export function isCharArray(type: DataType): boolean {
  return type.kind === "array" && type.element.kind === "int" && type.element.encoding === "char";
}

/** `__u8[n]` and `unsigned char[n]`: bytes rather than numbers. */
export function isByteArray(type: DataType): boolean {
  if (type.kind !== "array" || type.element.kind !== "int") return false;
  return type.element.sizeBytes === 1 && !type.element.signed && type.element.encoding === "integer";
}

/** The index that a key of an array's map form names. */
export function elementIndex(type: DataType & { kind: "array" }, key: string): number | undefined {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : NaN;
  return index < type.length ? index : undefined;
}
