import { HarnessError } from "../../model/error.js";
import { nearest } from "../../model/nearest.js";
import type { FieldValue } from "../../model/packet.js";
import { parseIpv4, parseIpv6, parseMac } from "../address.js";
import type { FieldDef } from "../protocol.js";
import { numberOf } from "./arguments.js";
import { scapyError } from "./fault.js";
import type { ScapyField } from "./field.js";
import type { Call, Value } from "./syntax.js";

export function defaultValue(field: ScapyField, def: FieldDef): FieldValue | undefined {
  if (typeof field.default === "string") return parseAddress(def, field.default);
  return field.default;
}

export function readValue(field: ScapyField, def: FieldDef, value: Value, call: Call): FieldValue {
  if (field.special) return field.special.read(value, call);
  if (def.kind === "list") return addressesOf(value);
  if (value.kind === "list") {
    throw scapyError(value.at, `a list for '${field.name}' would be several packets; expected one value`);
  }
  const bits = field.parts.reduce((sum, part) => sum + (part.bits ?? 0), 0);
  if (bits > 0) return value.kind === "bytes" ? wordValue(field, def, value) : numberOf(value, bits);
  if (value.kind !== "bytes") throw scapyError(value.at, `expected an address as text for '${field.name}'`);
  return addressAt(def, value);
}

function wordValue(field: ScapyField, def: FieldDef, value: Value & { readonly kind: "bytes" }): number {
  const text = new TextDecoder().decode(value.value);
  if (def.kind === "flags" && field.name === "flags") return flagsOf(def, text, value.at);
  const word = field.words?.[text];
  if (word !== undefined) return word;
  const close = nearest(text, Object.keys(field.words ?? {}));
  throw scapyError(
    value.at,
    `"${text}" is no value of '${field.name}'`,
    close ? `did you mean "${close}"?` : undefined,
  );
}

/** Letters for TCP ("SA"), names joined by + for IP ("DF", "MF+DF"). */
function flagsOf(def: FieldDef, text: string, at: number): number {
  const isLetters = def.sizeBits === 9;
  const words = isLetters ? [...text] : text.split("+").filter((word) => word !== "");
  let flags = 0;
  for (const word of words) {
    const bit = def.names?.[word];
    if (bit === undefined) {
      const hint = isLetters ? "the letters are F, S, R, P, A, U, E, C, N" : "they are DF, MF and evil, joined by +";
      throw scapyError(at, `"${word}" is no flag`, hint);
    }
    flags |= bit;
  }
  return flags;
}

function addressesOf(value: Value): FieldValue {
  if (value.kind !== "list") throw scapyError(value.at, "expected a list of addresses");
  return value.items.map((item) => {
    if (item.kind !== "bytes") throw scapyError(item.at, "expected an address as text");
    return addressAt({ name: "address", kind: "ipv6", sizeBits: 128, doc: "" }, item);
  });
}

export function addressAt(def: FieldDef, value: Value & { readonly kind: "bytes" }): Uint8Array {
  if (!value.isText && value.value.length * 8 === def.sizeBits) return value.value;
  try {
    return parseAddress(def, new TextDecoder().decode(value.value));
  } catch (error) {
    const first = error instanceof HarnessError ? error.diagnostics[0] : undefined;
    if (!first) throw error;
    throw scapyError(value.at, first.message, first.hint);
  }
}

function parseAddress(def: FieldDef, text: string): Uint8Array {
  if (def.kind === "mac") return parseMac(text);
  return def.kind === "ipv6" ? parseIpv6(text) : parseIpv4(text);
}
