import type { DataType, MapSpec } from "../model/object.js";
import { isPerCpu } from "../model/object.js";
import type { MapPatch } from "../model/plan.js";
import { fieldsOf } from "../data/fields.js";
import { oneOf, type Chance } from "./chance.js";
import type { Constants } from "./constants.js";
import { drawNumber } from "./draw-value.js";
import type { InputSource } from "./draft.js";

/** An entry set or deleted: mostly of a key that is there, with a value that differs in one member. */
export function drawPatch(chance: Chance, { update, setUp, constants, span }: InputSource): MapPatch {
  const map = oneOf(chance, update);
  const known = setUp.filter((patch) => patch.map.name === map.name && patch.op === "set");
  const old = known.length > 0 && chance.below(4) > 0 ? oneOf(chance, known) : undefined;
  const key = old?.key ?? drawKey(chance, map, constants);
  const canDelete = map.type !== "array" && !isPerCpu(map.type) && old !== undefined;
  if (canDelete && chance.below(3) === 0) return { map, op: "delete", key, value: undefined, span };
  const bytes = old?.value?.kind === "bytes" ? old.value.bytes.slice() : new Uint8Array(map.valueSizeBytes);
  drawInto(chance, map.value, bytes, constants);
  return { map, op: "set", key, value: { kind: "bytes", bytes }, span };
}

function drawKey(chance: Chance, { type, key, keySizeBytes, maxEntries }: MapSpec, constants: Constants): Uint8Array {
  const bytes = new Uint8Array(keySizeBytes);
  if (type.endsWith("array")) new DataView(bytes.buffer).setUint32(0, chance.below(maxEntries), true);
  else drawInto(chance, key, bytes, constants);
  if (type === "lpm_trie") new DataView(bytes.buffer).setUint32(0, chance.below((keySizeBytes - 4) * 8 + 1), true);
  return bytes;
}

/** Changes one member, by its BTF type, or a few bytes where there is none. */
function drawInto(chance: Chance, type: DataType | undefined, bytes: Uint8Array, constants: Constants): void {
  const leaves = type ? leavesOf(type, 0) : [];
  const { at, sizeBytes } = leaves.length > 0 ? oneOf(chance, leaves) : { at: 0, sizeBytes: Math.min(4, bytes.length) };
  let number = BigInt(drawNumber(chance, Math.min(8, sizeBytes) * 8, constants));
  for (let i = at; i < Math.min(at + sizeBytes, bytes.length); i++, number >>= 8n) bytes[i] = Number(number & 0xffn);
}

/** Places of the numbers that a value is made of. */
function leavesOf(type: DataType, at: number): { readonly at: number; readonly sizeBytes: number }[] {
  switch (type.kind) {
    case "struct":
    case "union":
      return fieldsOf(type).flatMap((field) => leavesOf(field.type, at + (field.offsetBits >> 3)));
    case "array":
      // An array of bytes is an address more often than not.
      if (type.element.sizeBytes === 1) return [{ at, sizeBytes: type.sizeBytes }];
      return Array.from({ length: Math.min(type.length, 16) }, (_, i) =>
        leavesOf(type.element, at + i * type.element.sizeBytes),
      ).flat();
    default:
      return [{ at, sizeBytes: type.sizeBytes }];
  }
}
