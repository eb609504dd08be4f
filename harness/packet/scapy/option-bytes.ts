import type { FieldValue } from "../../model/packet.js";
import { joinBytes } from "../capture/join-bytes.js";
import { formatPythonBytes } from "./python-bytes.js";
import type { SpecialValue } from "./field.js";
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

/** In a list of options: bytes that make none. */
function rawBytes(call: Call): Uint8Array {
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

/** `IPOption(option=7, value=b"…")`: without the subclasses, which look into the value and want it valid. */
export const ipv4Options: SpecialValue = {
  read: (value) => asOptions(joinBytes(callsOf(value).map(readIpOption))),
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const single = bytes[at]! < 2;
      const size = single ? 1 : (bytes[at + 1] ?? 0);
      if (size < (single ? 1 : 2) || at + size > bytes.length) return undefined;
      options.push(writeIpOption(bytes.subarray(at, at + size)));
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function writeIpOption(option: Uint8Array): string {
  const type = option[0]!;
  if (type < 2) return type === 0 ? "IPOption_EOL()" : "IPOption_NOP()";
  const copied = type & 0x80 ? "copy_flag=1, " : "";
  const optionClass = type & 0x60 ? `optclass=${(type >> 5) & 3}, ` : "";
  const value = option.length > 2 ? `, value=${formatPythonBytes(option.subarray(2))}` : "";
  return `IPOption(${copied}${optionClass}option=${type & 0x1f}${value})`;
}

function readIpOption(call: Call): Uint8Array {
  if (call.name === "Raw") return rawBytes(call);
  if (call.name === "IPOption_NOP") return Uint8Array.of(1);
  if (call.name === "IPOption_EOL") return Uint8Array.of(0);
  if (call.name !== "IPOption") throw scapyError(call.at, `${call.name} is not known here`, 'write IPOption(b"…")');
  const first = call.arguments[0];
  if (first && first.name === undefined) return bytesOf(first.value);
  const names = ["copy_flag", "optclass", "option", "length", "value"];
  const given = argumentsOf(call, names);
  const number = (name: string, bits: number): number => (given.has(name) ? numberOf(given.get(name)!.value, bits) : 0);
  const type = (number("copy_flag", 1) << 7) | (number("optclass", 2) << 5) | number("option", 5);
  const data = given.has("value") ? bytesOf(given.get("value")!.value) : new Uint8Array();
  const length = given.has("length") ? number("length", 8) : data.length + 2;
  return joinBytes([Uint8Array.of(type, length), data]);
}

/** Options of an extension header, with the alignment that Scapy gives those it knows (`alignment_delta`). */
interface KnownOption {
  readonly code: number;
  readonly field: string;
  readonly dataBytes: number;
  readonly align: readonly [multiple: number, offset: number];
}

const knownOptions: Readonly<Record<string, KnownOption>> = {
  RouterAlert: { code: 5, field: "value", dataBytes: 2, align: [2, 0] },
  Jumbo: { code: 0xc2, field: "jumboplen", dataBytes: 4, align: [4, 2] },
};

export const ipv6Options: SpecialValue = {
  read: (value, call) => {
    const autopad = call.arguments.find(({ name }) => name === "autopad")?.value;
    const isPadded = autopad === undefined || numberOf(autopad, 1) === 1;
    let bytes: Uint8Array = new Uint8Array();
    for (const option of callsOf(value)) {
      const [multiple, offset] = (isPadded && knownOptions[option.name]?.align) || [1, 0];
      // Type and length of the header are in front of the options.
      const gap = (((offset - bytes.length - 2) % multiple) + multiple) % multiple;
      bytes = joinBytes([bytes, paddingOption(gap), readIpv6Option(option)]);
    }
    if (!isPadded && (bytes.length + 2) % 8 !== 0) {
      throw scapyError(value.at, `${bytes.length} bytes of options do not fill units of 8`, "leave autopad=0 out");
    }
    return asOptions(bytes);
  },
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const code = bytes[at]!;
      const size = code === 0 ? 1 : 2 + (bytes[at + 1] ?? 256);
      if (at + size > bytes.length) return undefined;
      const data = bytes.subarray(at + 2, at + size);
      if (code === 0) options.push("Pad1()");
      else if (code === 1) options.push(`PadN(optdata=${formatPythonBytes(data)})`);
      else if (code === 5 && data.length === 2) options.push(`RouterAlert(value=${(data[0]! << 8) | data[1]!})`);
      else options.push(`HBHOptUnknown(otype=${code}, optdata=${formatPythonBytes(data)})`);
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function paddingOption(bytes: number): Uint8Array {
  if (bytes < 2) return new Uint8Array(bytes);
  const padding = new Uint8Array(bytes);
  padding.set([1, bytes - 2]);
  return padding;
}

function readIpv6Option(call: Call): Uint8Array {
  if (call.name === "Pad1") return Uint8Array.of(0);
  if (call.name === "Raw") return rawBytes(call);
  const known = knownOptions[call.name];
  if (known) {
    const given = argumentsOf(call, [known.field, "otype", "optlen"]);
    const number = (name: string, bits: number, fallback: number): number =>
      given.has(name) ? numberOf(given.get(name)!.value, bits) : fallback;
    const [type, length] = [number("otype", 8, known.code), number("optlen", 8, known.dataBytes)];
    return joinBytes([Uint8Array.of(type, length), wide(number(known.field, 8 * known.dataBytes, 0), known.dataBytes)]);
  }
  if (call.name !== "PadN" && call.name !== "HBHOptUnknown") {
    throw scapyError(call.at, `${call.name} is not known here`, 'write HBHOptUnknown(otype=…, optdata=b"…")');
  }
  const given = argumentsOf(call, ["otype", "optlen", "optdata"]);
  const data = given.has("optdata") ? bytesOf(given.get("optdata")!.value) : new Uint8Array();
  const code = given.has("otype") ? numberOf(given.get("otype")!.value, 8) : 1;
  const length = given.has("optlen") ? numberOf(given.get("optlen")!.value, 8) : data.length;
  return joinBytes([Uint8Array.of(code, length), data]);
}

export const geneveOptions: SpecialValue = {
  read: (value) => asOptions(joinBytes(callsOf(value).map(readGeneveOption))),
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 4 + ((bytes[at + 3] ?? 0) & 0x1f) * 4;
      if (at + size > bytes.length) return undefined;
      const fields = [`classid=${(bytes[at]! << 8) | bytes[at + 1]!}`, `type=${bytes[at + 2]!}`];
      if (bytes[at + 3]! >> 5) fields.push(`reserved=${bytes[at + 3]! >> 5}`);
      if (size > 4) fields.push(`data=${formatPythonBytes(bytes.subarray(at + 4, at + size))}`);
      options.push(`GeneveOptions(${fields.join(", ")})`);
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function readGeneveOption(call: Call): Uint8Array {
  if (call.name === "Raw") return rawBytes(call);
  if (call.name !== "GeneveOptions") throw scapyError(call.at, `expected GeneveOptions, found ${call.name}`);
  const given = argumentsOf(call, ["classid", "type", "reserved", "length", "data"]);
  const number = (name: string, bits: number): number => (given.has(name) ? numberOf(given.get(name)!.value, bits) : 0);
  const data = given.has("data") ? bytesOf(given.get("data")!.value) : new Uint8Array();
  const length = given.has("length") ? number("length", 5) : data.length >> 2;
  return joinBytes([
    wide(number("classid", 16), 2),
    Uint8Array.of(number("type", 8), (number("reserved", 3) << 5) | length),
    data,
  ]);
}
