import type { FieldValue } from "../model/packet.js";
import { readUint, writeUint } from "./bits.js";
import type { FieldDef, ListSource, ParsedField, Values } from "./protocol.js";

export interface DecodedHeader {
  readonly fields: readonly ParsedField[];
  readonly values: Values;
  readonly endBytes: number;
  /** A field was not, or not wholly, there. */
  readonly truncated: boolean;
}

/** Reads a run of fields from `startBytes` on, up to `limitBytes` at most. Never throws. */
export function decodeFields(
  defs: readonly FieldDef[],
  bytes: Uint8Array,
  startBytes: number,
  limitBytes: number,
): DecodedHeader {
  const fields: ParsedField[] = [];
  const values: Record<string, FieldValue> = {};
  const limitBits = limitBytes * 8;
  let bit = startBytes * 8;
  let truncated = false;
  for (const def of defs) {
    if (def.present && !def.present(values)) continue;
    if (def.sizeBits > 0 && bit + def.sizeBits > limitBits) {
      truncated = true;
      bit = limitBits;
      break;
    }
    const field =
      def.sizeBits > 0
        ? { def, value: readFixed(def, bytes, bit), offsetBits: bit, sizeBits: def.sizeBits }
        : readVariable(def, { bytes, layerBytes: startBytes, startBytes: bit >> 3, endBytes: limitBytes, values });
    const wanted = def.sizeBytes?.(values) ?? 0;
    if (field.sizeBits < wanted * 8) truncated = true;
    fields.push(field);
    values[def.name] = field.value;
    bit += field.sizeBits;
  }
  return { fields, values, endBytes: Math.ceil(bit / 8), truncated };
}

function readFixed(def: FieldDef, bytes: Uint8Array, offsetBits: number): FieldValue {
  if (def.kind === "uint" || def.kind === "flags") return readUint(bytes, offsetBits, def.sizeBits);
  return bytes.slice(offsetBits >> 3, (offsetBits + def.sizeBits) >> 3);
}

function readVariable(def: FieldDef, source: ListSource): ParsedField {
  const { bytes, startBytes, endBytes, values } = source;
  const said = def.sizeBytes?.(values);
  const end = said === undefined ? endBytes : Math.min(endBytes, startBytes + Math.max(0, said));
  const offsetBits = startBytes * 8;
  if (def.codec === undefined) {
    return { def, value: bytes.slice(startBytes, end), offsetBits, sizeBits: (end - startBytes) * 8 };
  }
  const decoded = def.codec.decode({ ...source, endBytes: end });
  const taken = said === undefined ? decoded.endBytes : end;
  return { def, value: decoded.items, offsetBits, sizeBits: (taken - startBytes) * 8 };
}

export interface EncodedHeader {
  readonly bytes: Uint8Array;
  /** With offsets from the header's first bit. */
  readonly fields: readonly ParsedField[];
  /** Values of the fields that are present. */
  readonly values: Values;
}

/** Bytes of a run of fields. Every present field needs a value; fixed ones have been checked to fit. */
export function encodeFields(defs: readonly FieldDef[], values: Values): EncodedHeader {
  const fields: ParsedField[] = [];
  const kept: Record<string, FieldValue> = {};
  let bytes = new Uint8Array(fixedBytes(defs));
  let bit = 0;
  for (const def of defs) {
    if (def.present && !def.present(kept)) continue;
    const value = values[def.name] ?? zeroOf(def);
    const raw = def.sizeBits > 0 ? undefined : encodeVariable(def, value, bytes.subarray(0, bit >> 3));
    const sizeBits = raw ? raw.length * 8 : def.sizeBits;
    if (raw && raw.length > 0) bytes = insertRoom(bytes, bit >> 3, raw.length);
    if (raw) bytes.set(raw, bit >> 3);
    else writeFixed(def, bytes, bit, value);
    fields.push({ def, value, offsetBits: bit, sizeBits });
    kept[def.name] = value;
    bit += sizeBits;
  }
  return { bytes: bytes.slice(0, Math.ceil(bit / 8)), fields, values: kept };
}

function fixedBytes(defs: readonly FieldDef[]): number {
  return Math.ceil(defs.reduce((bits, def) => bits + def.sizeBits, 0) / 8);
}

function insertRoom(bytes: Uint8Array, atBytes: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(bytes.length + sizeBytes);
  grown.set(bytes.subarray(0, atBytes));
  grown.set(bytes.subarray(atBytes), atBytes + sizeBytes);
  return grown;
}

/** Writes a value of fixed width over the bits that are there. */
export function writeFixed(def: FieldDef, bytes: Uint8Array, offsetBits: number, value: FieldValue): void {
  if (value instanceof Uint8Array) bytes.set(value, offsetBits >> 3);
  else writeUint(bytes, offsetBits, def.sizeBits, value as number | bigint);
}

/** Bytes of a variable field; `before` is the header up to there. */
export function encodeVariable(def: FieldDef, value: FieldValue, before: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return def.codec ? def.codec.encode(value as readonly FieldValue[], before) : new Uint8Array();
}

/** What an absent field without a default is built as. */
export function zeroOf(def: FieldDef): FieldValue {
  if (def.kind === "list") return [];
  if (def.kind === "uint" || def.kind === "flags") return 0;
  return new Uint8Array(def.sizeBits / 8);
}
