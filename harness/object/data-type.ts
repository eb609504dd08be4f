import type { DataMember, DataType, StructType } from "../model/object.js";
import type { Btf, BtfMember, BtfType } from "./btf.js";

/** As the kernel's MAX_RESOLVE_DEPTH: types nested deeper than this are a broken object. */
const maxDepth = 32;

/** Typedefs by which C declares that a number lies in memory in network order. */
const networkOrder = new Set([
  "__be16",
  "__be32",
  "__be64",
  "be16",
  "be32",
  "be64",
  "__sum16",
  "in_addr_t",
  "in_port_t",
]);

/**
 * BTF types as the rest of packetproof knows them: typedefs and qualifiers followed, sizes known,
 * members inside their struct. Equal ids give the same object.
 */
export class DataTypes {
  readonly #btf: Btf;
  readonly #done = new Map<number, DataType>();
  /** Values that one value of a type is made of; unions can multiply them beyond any size. */
  readonly #leaves = new Map<DataType, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** Throws HarnessError "object" for types that contain themselves, lie outside their struct or never end. */
  resolve(id: number, depth = 0): DataType {
    const known = this.#done.get(id);
    if (known) return known;
    if (depth > maxDepth) throw this.#btf.error(id, `is nested deeper than ${maxDepth} types, or contains itself`);
    const { id: plainId, type, typedefs } = this.#btf.skipModifiers(id);
    const resolved = this.#convert(plainId, type, typedefs, depth);
    this.#limitLeaves(id, resolved);
    this.#done.set(id, resolved);
    return resolved;
  }

  /** Every struct and union that has a name, in the order of the BTF. */
  namedStructs(): StructType[] {
    return this.#btf.types.flatMap((type, id) => {
      const isTagged = (type.kind === "struct" || type.kind === "union") && type.name !== "";
      if (!isTagged && type.kind !== "typedef") return [];
      const resolved = this.resolve(id);
      return (resolved.kind === "struct" || resolved.kind === "union") && resolved.name === type.name ? [resolved] : [];
    });
  }

  #convert(id: number, type: BtfType, typedefs: readonly string[], depth: number): DataType {
    const name = type.name || (typedefs[0] ?? "");
    switch (type.kind) {
      case "int":
        return this.#int(id, type, typedefs);
      case "float":
        if (![4, 8].includes(type.sizeBytes)) return { kind: "opaque", name, sizeBytes: type.sizeBytes };
        return { kind: "float", name: typedefs[0] ?? name, sizeBytes: type.sizeBytes };
      case "enum":
        if (![1, 2, 4, 8].includes(type.sizeBytes)) throw this.#btf.error(id, `is an enum of ${type.sizeBytes} bytes`);
        return { kind: "enum", name, sizeBytes: type.sizeBytes, signed: type.signed, values: type.values };
      case "struct":
      case "union": {
        const members = type.members.map((member) => this.#member(id, member, type.sizeBytes, depth));
        return { kind: type.kind, name, sizeBytes: type.sizeBytes, members };
      }
      case "array":
        return this.#array(id, type, depth);
      case "pointer":
        return { kind: "pointer", sizeBytes: 8 };
      case "forward":
      case "prototype":
        return { kind: "opaque", name, sizeBytes: 0 };
      default:
        throw this.#btf.error(id, `is a ${type.kind}, which no value can have as its type`);
    }
  }

  #int(id: number, type: BtfType & { kind: "int" }, typedefs: readonly string[]): DataType {
    if (![1, 2, 4, 8, 16].includes(type.sizeBytes)) throw this.#btf.error(id, `is an int of ${type.sizeBytes} bytes`);
    const encoding = type.bool ? "bool" : type.char || type.name === "char" ? "char" : "integer";
    return {
      kind: "int",
      name: typedefs[0] ?? type.name,
      sizeBytes: type.sizeBytes,
      signed: type.signed,
      encoding,
      bigEndian: typedefs.some((name) => networkOrder.has(name)),
    };
  }

  #array(id: number, type: BtfType & { kind: "array" }, depth: number): DataType {
    const element = this.resolve(type.element, depth + 1);
    const sizeBytes = element.sizeBytes * type.length;
    if (sizeBytes > 0xffffffff) throw this.#btf.error(id, `is an array of ${sizeBytes} bytes; 32 bits is the limit`);
    // Elements without a size (forward declarations) can be counted for ever without reaching the end.
    return { kind: "array", sizeBytes, length: element.sizeBytes === 0 ? 0 : type.length, element };
  }

  #member(structId: number, member: BtfMember, structBytes: number, depth: number): DataMember {
    const type = this.resolve(member.type, depth + 1);
    const { offsetBits, bitfieldBits } = this.#place(member, type);
    const endBits = offsetBits + (bitfieldBits ?? type.sizeBytes * 8);
    if (endBits > structBytes * 8)
      throw this.#btf.error(
        structId,
        `has ${structBytes} bytes, but its member '${member.name}' ends at bit ${endBits} (byte ${endBits / 8})`,
      );
    if (bitfieldBits === undefined && offsetBits % 8 !== 0)
      throw this.#btf.error(structId, `has a member '${member.name}' at bit ${offsetBits}, between two bytes`);
    return { name: member.name, offsetBits, bitfieldBits, type };
  }

  /** Where a member lies, for bit-fields of both kinds. */
  #place(member: BtfMember, type: DataType): { offsetBits: number; bitfieldBits: number | undefined } {
    const { type: plain } = this.#btf.skipModifiers(member.type);
    const isNumber = type.kind === "int" || type.kind === "enum";
    if (isNumber && member.bitfieldBits > 0)
      return { offsetBits: member.offsetBits, bitfieldBits: Math.min(member.bitfieldBits, type.sizeBytes * 8) };
    if (plain.kind === "int" && plain.bits > 0 && plain.bits < plain.sizeBytes * 8 && !plain.bool)
      return { offsetBits: member.offsetBits + plain.offsetBits, bitfieldBits: plain.bits };
    return { offsetBits: member.offsetBits, bitfieldBits: undefined };
  }

  /** Refuses types whose values could not be printed in this universe's time: nested unions of unions of … */
  #limitLeaves(id: number, type: DataType): void {
    const leaves = this.#countLeaves(type);
    if (leaves > 1024 + 64 * type.sizeBytes)
      throw this.#btf.error(id, `has ${type.sizeBytes} bytes, but ${leaves} values in them`);
    this.#leaves.set(type, leaves);
  }

  #countLeaves(type: DataType): number {
    if (type.kind === "array") return type.length * (this.#leaves.get(type.element) ?? 1);
    if (type.kind === "struct" || type.kind === "union")
      return type.members.reduce((sum, member) => sum + (this.#leaves.get(member.type) ?? 1), 0);
    return 1;
  }
}
