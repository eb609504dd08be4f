import { decodeProgram } from "../isa/decode.js";
import type { BpfObject } from "../model/object.js";
import type { GlobalPatch, MapPatch } from "../model/plan.js";

/** What a program is likely to compare packets with. */
export interface Constants {
  /** Unsigned, as they stand in the program: numbers in network order are turned round. */
  readonly numbers: readonly number[];
  /** Keys and values of maps, and what read-only variables hold: addresses, ports, magic numbers. */
  readonly strings: readonly Uint8Array[];
}

/** More would only make the rare ones rarer. */
const mostStrings = 400;
const longestBytes = 16;

/**
 * Numbers that comparisons, moves and masks of an object's programs name, and bytes that its maps and read-only
 * variables hold: a generator that knows them comes past `if (udp->dest != bpf_htons(4789))` at once.
 */
export function constantsOf(
  object: BpfObject,
  maps: readonly MapPatch[],
  globals: readonly GlobalPatch[] = [],
): Constants {
  const numbers = new Set<number>();
  for (const { instructions } of object.programs) {
    for (const { instruction } of decodeProgram(instructions)) {
      if ("operand" in instruction && instruction.operand.kind === "immediate")
        numbers.add(instruction.operand.value >>> 0);
      if (instruction.kind === "constant" && instruction.meaning === "value") numbers.add(instruction.low >>> 0);
    }
  }
  const strings = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array): void => {
    if (bytes.every((byte) => byte === 0)) return;
    if (bytes.length <= longestBytes && strings.size < mostStrings) strings.set(bytes.join(), bytes);
  };
  for (const { key, value } of maps) {
    for (const part of partsOf(key)) keep(part);
    if (value?.kind === "bytes") for (const part of partsOf(value.bytes)) keep(part);
  }
  for (const global of object.globals)
    if (global.section.startsWith(".rodata")) for (const part of partsOf(global.initial)) keep(part);
  for (const { bytes } of globals) for (const part of partsOf(bytes)) keep(part);
  return { numbers: [...numbers], strings: [...strings.values()] };
}

/** The whole, and what members of a struct could be: words and half-words at their places. */
function partsOf(bytes: Uint8Array): Uint8Array[] {
  const parts = bytes.length <= longestBytes ? [bytes] : [];
  if (bytes.length > 128) return parts;
  for (const sizeBytes of [2, 4, 6, 16])
    for (let at = 0; at + sizeBytes <= bytes.length && bytes.length > sizeBytes; at += sizeBytes === 6 ? 2 : sizeBytes)
      parts.push(bytes.slice(at, at + sizeBytes));
  return parts;
}
