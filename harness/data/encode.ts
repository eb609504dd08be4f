import { harnessError } from "../model/error.js";
import { fromHex } from "../model/hex.js";
import type { DataType, StructType } from "../model/object.js";
import { Problems } from "../model/problems.js";
import type { Written, WrittenEntry } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { addressSizeBytes, lpmAddressBytes, parseAddress, parsePrefix } from "./address.js";
import { elementIndex, fieldsOf, isByteArray, isCharArray, typeName, type Field } from "./fields.js";
import { rangeOf, writeInteger } from "./integer.js";
import { integerOf, listOf, networkOrderNumber, show, suggest } from "./written.js";

/** No kernel takes larger keys or values; a broken object may ask for anything. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Bytes of a map key, a map value or a global as the scenario writes it: members by name, enums by
 * name, addresses as literals (in network order, whatever the C type), `{be: 80}` for a number in
 * network order, hex digits for bytes without a type. What is not written is zero.
 *
 * @param type undefined for objects without BTF: then hex digits, a number or an address.
 * @param base what unwritten members keep, instead of zero.
 * @throws HarnessError "scenario" with everything that is wrong in `written`, each with its span.
 */
export function encodeData(
  type: DataType | undefined,
  sizeBytes: number,
  written: Written,
  base?: Uint8Array,
): Uint8Array {
  if (sizeBytes > maxBytes) throw harnessError("object", `a value of ${sizeBytes} bytes is larger than any map takes`);
  const bytes = new Uint8Array(sizeBytes);
  if (base) bytes.set(base.subarray(0, sizeBytes));
  const problems = new Problems();
  const encoder = new Encoder(bytes, problems);
  encoder.put(type ?? { kind: "opaque", name: "", sizeBytes }, 0, written);
  problems.throwIfAny();
  return bytes;
}

class Encoder {
  readonly #bytes: Uint8Array;
  readonly #problems: Problems;

  constructor(bytes: Uint8Array, problems: Problems) {
    this.#bytes = bytes;
    this.#problems = problems;
  }

  put(type: DataType, offsetBits: number, written: Written, bitfieldBits?: number): void {
    if (written.kind === "scalar" && written.value === null)
      return this.#problem(written.span, `${typeName(type)} has no value here`);
    if (this.#putAddress(type, offsetBits, written)) return;
    switch (type.kind) {
      case "int":
        return this.#putInteger(type, offsetBits, written, bitfieldBits);
      case "enum":
        return this.#putEnum(type, offsetBits, written, bitfieldBits);
      case "pointer":
        return this.#putNumber({ ...pointerInteger, offsetBits }, written, "a pointer");
      case "float":
        return this.#putFloat(type, offsetBits, written);
      case "struct":
      case "union":
        return this.#putMembers(type, offsetBits, written);
      case "array":
        return this.#putArray(type, offsetBits, written);
      case "opaque":
        return this.#putOpaque(type, offsetBits, written);
    }
  }

  /** An address literal that fills the type, or a prefix for the key of an LPM trie. */
  #putAddress(type: DataType, offsetBits: number, written: Written): boolean {
    if (written.kind !== "scalar" || typeof written.value !== "string") return false;
    const text = written.value;
    const lpmBytes = lpmAddressBytes(type);
    const prefix = lpmBytes === undefined ? undefined : parsePrefix(text, lpmBytes);
    if (prefix) {
      writeInteger(this.#bytes, { ...plain32, offsetBits }, BigInt(prefix.lengthBits));
      this.#bytes.set(prefix.address, offsetBits / 8 + 4);
      return true;
    }
    // In a char array that has room for the text it is text: a host may be called `fd00::1`.
    if (isCharArray(type) && text.length <= type.sizeBytes) return false;
    const address = parseAddress(text, type.sizeBytes);
    if (address) this.#bytes.set(address, offsetBits / 8);
    return address !== undefined;
  }

  #putInteger(
    type: DataType & { kind: "int" },
    offsetBits: number,
    written: Written,
    bitfieldBits: number | undefined,
  ): void {
    const { signed, bigEndian } = type;
    const sizeBits = bitfieldBits ?? type.sizeBytes * 8;
    const place = { offsetBits, sizeBits, signed, bigEndian: bigEndian && bitfieldBits === undefined };
    const isScalar = written.kind === "scalar";
    if (type.encoding === "bool") return this.#putBool(place, written);
    if (isScalar && type.encoding === "char" && typeof written.value === "string")
      return this.#putText(
        { kind: "array", sizeBytes: 1, length: 1, element: type },
        offsetBits,
        written.value,
        written.span,
      );
    if (isScalar && typeof written.value === "boolean" && sizeBits > 1)
      return this.#problem(written.span, `${typeName(type)} is a number, not ${written.value}`, "write 1 or 0");
    if (isScalar && typeof written.value === "boolean") return writeInteger(this.#bytes, place, BigInt(written.value));
    const meant = networkOrderNumber(written);
    if (!meant) return this.#putNumber(place, written, typeName(type));
    if (bitfieldBits !== undefined) return this.#problem(written.span, "a bit-field has no byte order: write a number");
    this.#putNumber({ ...place, bigEndian: true }, meant, typeName(type));
  }

  #putBool(place: Place, written: Written): void {
    const value = written.kind === "scalar" ? written.value : undefined;
    if (value === true || value === false || value === 0 || value === 1 || value === 0n || value === 1n)
      return writeInteger(this.#bytes, place, BigInt(value));
    this.#problem(written.span, `${show(written)} is not a bool`, "write true or false");
  }

  #putEnum(
    type: DataType & { kind: "enum" },
    offsetBits: number,
    written: Written,
    bitfieldBits: number | undefined,
  ): void {
    const sizeBits = bitfieldBits ?? type.sizeBytes * 8;
    const place = { offsetBits, sizeBits, signed: type.signed, bigEndian: false };
    if (written.kind !== "scalar" || typeof written.value !== "string")
      return this.#putNumber(place, written, typeName(type));
    const found = type.values.find(({ name }) => name === written.value);
    if (found) return writeInteger(this.#bytes, place, found.value);
    const names = type.values.map(({ name }) => name);
    this.#problem(written.span, `${typeName(type)} has no '${written.value}'`, suggest(written.value, names));
  }

  #putNumber(place: Place, written: Written, what: string): void {
    const value = integerOf(written);
    if (value === undefined) {
      const address = written.kind === "scalar" ? addressSizeBytes(String(written.value)) : undefined;
      const hint =
        address && `an address of ${address} bytes goes into ${address} bytes; this has ${place.sizeBits / 8}`;
      return this.#problem(written.span, `${show(written)} is not a number, which ${what} needs`, hint || undefined);
    }
    const { min, max } = rangeOf(place.sizeBits, place.signed);
    if (value < min || value > max)
      return this.#problem(
        written.span,
        `${value} does not fit into ${what} (${place.sizeBits} bits)`,
        `it has to be from ${min} to ${max}`,
      );
    writeInteger(this.#bytes, place, value);
  }

  #putFloat(type: DataType & { kind: "float" }, offsetBits: number, written: Written): void {
    if (written.kind !== "scalar" || (typeof written.value !== "number" && typeof written.value !== "bigint"))
      return this.#problem(written.span, `${show(written)} is not a number, which ${typeName(type)} needs`);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + offsetBits / 8);
    if (type.sizeBytes === 4) view.setFloat32(0, Number(written.value), true);
    else view.setFloat64(0, Number(written.value), true);
  }

  #putMembers(type: StructType, offsetBits: number, written: Written): void {
    const fields = fieldsOf(type);
    const names = fields.map(({ name }) => name);
    if (written.kind !== "map")
      return this.#problem(
        written.span,
        `${show(written)} is not a value of ${typeName(type)}`,
        `it is written by its members: ${listOf(names)}`,
      );
    const chosen = new Map<string, { index: number; name: string }>();
    const seen = new Set<string>();
    for (const entry of written.entries) {
      const field = fields.find(({ name }) => name === entry.key);
      if (!field) {
        this.#problem(entry.keySpan, `${typeName(type)} has no member '${entry.key}'`, suggest(entry.key, names));
        continue;
      }
      if (seen.has(entry.key)) this.#problem(entry.keySpan, `'${entry.key}' is written twice`);
      seen.add(entry.key);
      this.#checkUnions(field, entry, chosen);
      this.put(field.type, offsetBits + field.offsetBits, entry.value, field.bitfieldBits);
    }
  }

  /** Members of one union share their bytes: of two that are written, one would be lost. */
  #checkUnions(field: Field, entry: WrittenEntry, chosen: Map<string, { index: number; name: string }>): void {
    for (const { union, index } of field.alternatives) {
      const other = chosen.get(union);
      if (other && other.index !== index)
        this.#problem(entry.keySpan, `'${entry.key}' shares its bytes with '${other.name}': only one can be written`);
      else chosen.set(union, { index, name: entry.key });
    }
  }

  #putArray(type: DataType & { kind: "array" }, offsetBits: number, written: Written): void {
    if (written.kind === "list") {
      if (written.items.length > type.length)
        return this.#problem(written.span, `${written.items.length} values for ${typeName(type)}`);
      return written.items.forEach((item, index) => this.#putElement(type, offsetBits, index, item));
    }
    if (written.kind === "map") return this.#putElements(type, offsetBits, written.entries);
    if (typeof written.value === "string" && isCharArray(type))
      return this.#putText(type, offsetBits, written.value, written.span);
    if (typeof written.value === "string" && isByteArray(type))
      return this.#putHex(type.sizeBytes, offsetBits, written.value, written.span, typeName(type));
    this.#problem(written.span, `${show(written)} is not a value of ${typeName(type)}`, "write a list");
  }

  /** `{0: …, 5: …}`: some elements by index. */
  #putElements(type: DataType & { kind: "array" }, offsetBits: number, entries: readonly WrittenEntry[]): void {
    for (const { key, keySpan, value } of entries) {
      const index = elementIndex(type, key);
      if (index === undefined) this.#problem(keySpan, `${typeName(type)} has no element '${key}'`);
      else this.#putElement(type, offsetBits, index, value);
    }
  }

  #putElement(type: DataType & { kind: "array" }, offsetBits: number, index: number, written: Written): void {
    this.put(type.element, offsetBits + index * type.element.sizeBytes * 8, written);
  }

  #putText(type: DataType, offsetBits: number, text: string, span: Span): void {
    const encoded = new TextEncoder().encode(text);
    if (encoded.length > type.sizeBytes)
      return this.#problem(span, `'${text}' has ${encoded.length} bytes; ${typeName(type)} holds ${type.sizeBytes}`);
    this.#bytes.fill(0, offsetBits / 8, offsetBits / 8 + type.sizeBytes);
    this.#bytes.set(encoded, offsetBits / 8);
  }

  #putOpaque(type: DataType, offsetBits: number, written: Written): void {
    const what = `these ${type.sizeBytes} bytes (the object has no BTF for them)`;
    const number = networkOrderNumber(written) ?? written;
    if (integerOf(number) !== undefined && type.sizeBytes <= 8) {
      const bigEndian = number !== written;
      const signed = integerOf(number)! < 0n;
      return this.#putNumber({ offsetBits, sizeBits: type.sizeBytes * 8, signed, bigEndian }, number, what);
    }
    if (written.kind === "list") {
      const bytes: DataType = { kind: "array", sizeBytes: type.sizeBytes, length: type.sizeBytes, element: byteType };
      return this.#putArray(bytes, offsetBits, written);
    }
    if (written.kind === "scalar" && typeof written.value === "string")
      return this.#putHex(type.sizeBytes, offsetBits, written.value, written.span, what);
    this.#problem(
      written.span,
      `${show(written)} cannot be written into ${what}`,
      "write them as hex digits in quotes",
    );
  }

  #putHex(sizeBytes: number, offsetBits: number, text: string, span: Span, what: string): void {
    const address = addressSizeBytes(text);
    const bytes = this.#problems.attempt(() => hexOf(text, span, address));
    if (!bytes) return;
    if (bytes.length !== sizeBytes)
      return this.#problem(span, `'${text}' has ${bytes.length} bytes; ${sizeBytes} are needed for ${what}`);
    this.#bytes.set(bytes, offsetBits / 8);
  }

  #problem(span: Span, message: string, hint?: string): void {
    this.#problems.add({ code: "scenario", message, span, ...(hint && { hint }) });
  }
}

interface Place {
  readonly offsetBits: number;
  readonly sizeBits: number;
  readonly signed: boolean;
  readonly bigEndian: boolean;
}

const plain32 = { sizeBits: 32, signed: false, bigEndian: false };
const pointerInteger = { sizeBits: 64, signed: false, bigEndian: false };
const byteType: DataType = {
  kind: "int",
  name: "__u8",
  sizeBytes: 1,
  signed: false,
  encoding: "integer",
  bigEndian: false,
};

function hexOf(text: string, span: Span, addressBytes: number | undefined): Uint8Array {
  // An address of another size than is needed is better called by its name than refused for its dots.
  if (addressBytes !== undefined) return new Uint8Array(addressBytes);
  try {
    return fromHex(text);
  } catch {
    throw harnessError("scenario", `'${text}' is neither an address nor hex digits`, {
      span,
      hint: "two digits a byte: 0a000001",
    });
  }
}
