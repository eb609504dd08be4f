import { harnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import { nearest } from "../model/nearest.js";
import type { FieldValue } from "../model/packet.js";
import { type Plain, parseFieldValue, show } from "./field-value.js";
import { type OptionFormat, optionNamed } from "./option-format.js";
import type { FieldDef, OptionDef, Values } from "./protocol.js";
import { formatRecord, parseRecord } from "./record.js";

type PlainMap = { readonly [name: string]: Plain };

/** One option from what a person wrote. Throws HarnessError `packet`; `path` says where the list is. */
export function parseOption(format: OptionFormat, item: unknown, path: string): FieldValue {
  if (typeof item === "string") return parseNamed(format, item, true, path);
  if (typeof item !== "object" || item === null || item instanceof Uint8Array || Array.isArray(item)) {
    throw harnessError("packet", `${path}: ${show(item)} is not an option`, { hint: howToWrite(format) });
  }
  const record = item as PlainMap;
  if (record[format.codeName] !== undefined) return parseNumbered(format, record, path);
  const [[name, plain] = ["", null], ...others] = Object.entries(record);
  if (name === "" || others.length > 0) {
    throw harnessError("packet", `${path}: ${show(item)} is not one option`, {
      hint: `each option is an item of its own; ${howToWrite(format)}`,
    });
  }
  return name === "raw" ? { raw: parseFieldValue(bytesDef("raw"), plain) } : parseNamed(format, name, plain, path);
}

function parseNamed(format: OptionFormat, name: string, plain: Plain, path: string): FieldValue {
  const option = optionNamed(format, name.toLowerCase());
  if (option === undefined) {
    const names = format.options.map((one) => one.name);
    const close = nearest(name, names);
    throw harnessError("packet", `${path}: no option is called '${name}'`, {
      hint: close ? `did you mean '${close}'?` : howToWrite(format),
    });
  }
  return option.single ? option.name : { [option.name]: parseData(option, plain, `${path}.${option.name}`) };
}

function parseData(option: OptionDef, plain: Plain, path: string): FieldValue {
  if (option.fields.length === 0) return true;
  if (!option.repeated) return parseRecord(option.fields, plain, path);
  const records: readonly Plain[] = Array.isArray(plain) ? plain : [plain];
  return records.map((record) => parseRecord(option.fields, record, path));
}

function parseNumbered(format: OptionFormat, record: PlainMap, path: string): FieldValue {
  const { [format.codeName]: code, data, ...rest } = record;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw harnessError("packet", `${path}: '${unknown}' does not belong to an option given by number`, {
      hint: `write {${format.codeName}: 254, data: 0x0102}`,
    });
  }
  const codeDef: FieldDef = { name: `${path}.${format.codeName}`, kind: "uint", sizeBits: 8, doc: "" };
  return {
    [format.codeName]: parseFieldValue(codeDef, code!),
    data: parseFieldValue(bytesDef(`${path}.data`), data ?? null),
  };
}

function bytesDef(name: string): FieldDef {
  return { name, kind: "bytes", sizeBits: 0, doc: "" };
}

function howToWrite(format: OptionFormat): string {
  const names = format.options.map((option) => option.name).join(", ");
  return `known are ${names}; others as {${format.codeName}: 254, data: 0x…}`;
}

/** `nop`, `mss 1460`, `timestamps value 1 echo 2`, `kind 254 0x0102`. */
export function formatOption(format: OptionFormat, item: FieldValue): string {
  if (typeof item === "string") return item;
  const record = item as Values;
  const { raw, data } = record;
  const code = record[format.codeName];
  if (raw instanceof Uint8Array) return `raw 0x${toHex(raw)}`;
  if (code !== undefined) return `${format.codeName} ${String(code)} 0x${toHex(data as Uint8Array)}`;
  const [name, value] = Object.entries(record)[0]!;
  const { fields, repeated } = optionNamed(format, name)!;
  if (fields.length === 0) return name;
  const records = repeated ? (value as readonly FieldValue[]) : [value];
  return `${name} ${records.map((one) => formatRecord(fields, one)).join(" ")}`;
}
