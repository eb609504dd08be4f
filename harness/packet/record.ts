import { harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import type { FieldValue } from "../model/packet.js";
import { type Plain, formatFieldValue, parseFieldValue, show } from "./field-value.js";
import { zeroOf } from "./header.js";
import type { FieldDef, Values } from "./protocol.js";

/**
 * Values of a small record (an option's fields, a list item's); absent ones get their default. A record of
 * one field is just that field's value. Throws HarnessError `packet`.
 */
export function parseRecord(fields: readonly FieldDef[], plain: Plain, path: string): FieldValue {
  const only = fields.length === 1 ? fields[0]! : undefined;
  if (only) return parseFieldValue({ ...only, name: path }, plain);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain) || plain instanceof Uint8Array) {
    throw harnessError("packet", `${path} ${show(plain)} is not a map`, {
      hint: `write {${fields.map((def) => `${def.name}: …`).join(", ")}}`,
    });
  }
  const record = plain as { readonly [name: string]: Plain };
  const names = fields.map((def) => def.name);
  const unknown = Object.keys(record).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, names);
    throw harnessError("packet", `${path} has no field '${unknown}'`, {
      hint: close ? `did you mean '${close}'?` : `its fields are ${names.join(", ")}`,
    });
  }
  return Object.fromEntries(fields.map((def) => [def.name, valueOf(def, record[def.name])]));
}

function valueOf(def: FieldDef, written: Plain | undefined): FieldValue {
  if (written !== undefined) return parseFieldValue(def, written);
  return typeof def.default === "function" ? zeroOf(def) : (def.default ?? zeroOf(def));
}

/** `value 1 echo 2`, or only the value where there is one field. */
export function formatRecord(fields: readonly FieldDef[], record: FieldValue): string {
  if (fields.length === 1) return formatFieldValue(fields[0]!, record);
  const values = record as Values;
  return fields
    .flatMap((def) => {
      const value = values[def.name];
      return value === undefined ? [] : [`${def.name} ${formatFieldValue(def, value)}`];
    })
    .join(" ");
}
