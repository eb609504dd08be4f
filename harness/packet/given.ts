import { harnessError } from "../model/error.js";
import type { FieldValue } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { describeFieldValue, show } from "./field-value.js";
import type { FieldDef, Protocol, Values } from "./protocol.js";
import { fieldHint, findField } from "./protocols.js";

/** The values that a layer gives, every one a field of its protocol and of the field's shape. */
export function givenValues(definition: Protocol, spec: LayerSpec): Values {
  const given: Record<string, FieldValue> = {};
  for (const [name, { value, span }] of Object.entries(spec.fields)) {
    const def = findField(definition, name);
    if (def === undefined) {
      throw harnessError("packet", `${definition.name} has no field '${name}'`, {
        span,
        hint: fieldHint(definition, name),
      });
    }
    if (!isOfShape(def, value)) {
      throw harnessError("packet", `${definition.name}.${name} cannot hold ${show(value)}`, {
        span,
        hint: `it takes ${shapeOf(def)}`,
      });
    }
    given[name] = value;
  }
  return given;
}

function isOfShape(def: FieldDef, value: FieldValue): boolean {
  if (def.kind === "list") return Array.isArray(value);
  if (def.kind !== "uint" && def.kind !== "flags") {
    return value instanceof Uint8Array && (def.sizeBits === 0 || value.length * 8 === def.sizeBits);
  }
  if (typeof value === "bigint") return value >= 0n && value < 1n << BigInt(def.sizeBits);
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** def.sizeBits;
}

function shapeOf(def: FieldDef): string {
  if (def.kind === "list") return "a list";
  if (def.kind === "uint" || def.kind === "flags") return `a whole number of ${def.sizeBits} bits`;
  return def.sizeBits === 0 ? "bytes" : `${def.sizeBits / 8} bytes`;
}

/** A field that this variant of the header does not have (an ICMP `id` in a redirect) would be lost silently. */
export function requirePresent(definition: Protocol, spec: LayerSpec, values: Values): void {
  for (const [name, { span }] of Object.entries(spec.fields)) {
    if (values[name] !== undefined) continue;
    const chooser = definition.fields.find(
      (def) => ["type", "flags"].includes(def.name) && values[def.name] !== undefined,
    );
    const variant = chooser ? ` with ${chooser.name} ${describeFieldValue(chooser, values[chooser.name]!)}` : "";
    throw harnessError("packet", `${definition.name}${variant} has no field '${name}'`, {
      span,
      hint: `it has ${Object.keys(values).join(", ")}; bytes behind the header go into a payload layer`,
    });
  }
}
