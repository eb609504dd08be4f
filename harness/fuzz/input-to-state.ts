import { wordsPerCompare, type Counters } from "../sim/counters.js";
import type { MapPatch } from "../model/plan.js";
import type { Watch } from "./watched-hook.js";

/** Some bytes of a packet, and what stands there instead. */
export interface Replacement {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** More occurrences of a value than this are chance. */
const mostOccurrences = 4;

/**
 * What a program compared in its last run, found again in the packet: where an operand stands there, the other
 * operand put in its place makes the comparison come out the other way (Aschermann et al., REDQUEEN, NDSS 2019).
 * That is how magic numbers, ports and checksums of a program's own are come by.
 */
export function comparedReplacements(packet: Uint8Array, { compares, values, map }: Counters): Replacement[] {
  const found: Replacement[] = [];
  if (!compares) return found;
  map.branches.forEach((instruction, branch) => {
    const counter = map.ofInstruction.get(instruction)!;
    if (values[counter] === 0 && values[counter + 1] === 0) return;
    const at = branch * wordsPerCompare;
    const [left, leftHigh, right, rightHigh] = compares.subarray(at, at + wordsPerCompare);
    if (left === right && leftHigh === rightHigh) return;
    if (leftHigh !== 0 || rightHigh !== 0) return;
    for (const [from, to] of [
      [left!, right!],
      [right!, left!],
    ] as const)
      for (const off of [0, 1, -1]) found.push(...occurrences(packet, from, (to + off) >>> 0));
  });
  return found;
}

/** The value in the packet, in either byte order and every width that it fits into, with another in its place. */
function occurrences(packet: Uint8Array, from: number, to: number): Replacement[] {
  const larger = Math.max(from, to);
  const widths = larger > 0xffff ? [4] : larger > 0xff ? [2, 4] : [1, 2];
  return widths.flatMap((sizeBytes) =>
    [false, true].flatMap((littleEndian) => {
      if (sizeBytes === 1 && littleEndian) return [];
      const wanted = bytesOf(from, sizeBytes, littleEndian);
      return placesOf(packet, wanted).map((at) => ({ at, bytes: bytesOf(to, sizeBytes, littleEndian) }));
    }),
  );
}

function bytesOf(value: number, sizeBytes: number, littleEndian: boolean): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => value >>> (8 * (littleEndian ? i : sizeBytes - 1 - i)));
}

function placesOf(packet: Uint8Array, wanted: Uint8Array): number[] {
  const places: number[] = [];
  for (
    let at = packet.indexOf(wanted[0]!);
    at >= 0 && places.length < mostOccurrences;
    at = packet.indexOf(wanted[0]!, at + 1)
  )
    if (at + wanted.length <= packet.length && wanted.every((byte, i) => packet[at + i] === byte)) places.push(at);
  return places;
}

/** Keys that were looked up in vain, found again in the packet, with one that is there in their place. */
export function keyReplacements(
  packet: Uint8Array,
  missed: NonNullable<Watch["missed"]>,
  setUp: readonly MapPatch[],
): Replacement[][] {
  return missed.slice(0, 8).flatMap(({ map, key }) =>
    setUp
      .filter((patch) => patch.map.name === map && patch.op === "set")
      .slice(0, 8)
      .map((patch) => partsOfKey(packet, key, patch.key)),
  );
}

/** Members of a key stand apart in the packet: whatever differs is looked for word by word. */
function partsOfKey(packet: Uint8Array, missed: Uint8Array, there: Uint8Array): Replacement[] {
  const found: Replacement[] = [];
  for (let at = 0; at < missed.length;) {
    const part = partAt(packet, missed, at);
    if (part) {
      const wanted = there.slice(at, at + part.sizeBytes);
      found.push({ at: part.place, bytes: part.swapped ? wanted.reverse() : wanted });
    }
    at += part?.sizeBytes ?? 1;
  }
  return found;
}

/** The longest part of a key from a byte on that stands in the packet; numbers in the machine's byte order, too. */
function partAt(packet: Uint8Array, key: Uint8Array, at: number) {
  for (const sizeBytes of [16, 6, 4, 2, 1]) {
    const part = key.slice(at, at + sizeBytes);
    if (part.length < sizeBytes || part.every((byte) => byte === 0)) continue;
    const [place] = placesOf(packet, part);
    if (place !== undefined) return { sizeBytes, place, swapped: false };
    const [turned] = sizeBytes <= 8 ? placesOf(packet, part.reverse()) : [];
    if (turned !== undefined) return { sizeBytes, place: turned, swapped: true };
  }
  return undefined;
}
