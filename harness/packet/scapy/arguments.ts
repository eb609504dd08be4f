import type { FieldValue } from "../../model/packet.js";
import { scapyError, unknownField } from "./fault.js";
import type { Argument, Call, Value } from "./syntax.js";

/** Option bytes as an option list of ours that takes them as they are. */
export function asOptions(bytes: Uint8Array): FieldValue {
  return bytes.length === 0 ? [] : [{ raw: bytes }];
}

/** The layers of a list, or of layers with slashes between them. */
export function callsOf(value: Value): readonly Call[] {
  if (value.kind === "stack") return value.layers;
  if (value.kind === "list") return value.items.flatMap(callsOf);
  if (value.kind === "none") return [];
  throw scapyError(value.at, "expected a list of layers");
}

export function bytesOf(value: Value): Uint8Array {
  if (value.kind === "bytes") return value.value;
  if (value.kind === "none") return new Uint8Array();
  throw scapyError(value.at, 'expected bytes, such as b"\\x01\\x02"');
}

export function numberOf(value: Value, bits: number): number {
  if (value.kind !== "number") throw scapyError(value.at, "expected a number");
  if (value.value < 0 || value.value >= 2 ** bits)
    throw scapyError(value.at, `${value.value} does not fit ${bits} bits`);
  return value.value;
}

/** Bytes of a Raw or Padding layer; in a list of options, those that make none. */
export function rawBytes(call: Call): Uint8Array {
  const load = argumentsOf(call, ["load"]).get("load");
  return load ? bytesOf(load.value) : new Uint8Array();
}

/** The argument of that name, once every name has been checked. */
export function argumentsOf(call: Call, names: readonly string[]): ReadonlyMap<string, Argument> {
  const given = new Map<string, Argument>();
  for (const argument of call.arguments) {
    const name = argument.name ?? (given.size === 0 ? names[0] : undefined);
    if (name === undefined) throw scapyError(argument.at, "a value needs its field's name in front");
    if (!names.includes(name)) throw unknownField(call.name, name, argument.at, names);
    if (given.has(name)) throw scapyError(argument.at, `'${name}' is given twice`);
    given.set(name, argument);
  }
  return given;
}

/** Big-endian bytes of a number. */
export function wide(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * (bytes - 1 - i))) & 0xff);
}
