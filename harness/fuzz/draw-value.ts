import type { FieldValue, Pattern } from "../model/packet.js";
import { matchPattern } from "../packet/pattern.js";
import type { FieldDef } from "../packet/protocol.js";
import { oneOf, type Chance } from "./chance.js";
import type { Constants } from "./constants.js";

/** A value for a field: what the program names, what lies on a boundary, or anything. */
export function drawValue(chance: Chance, def: FieldDef, constants: Constants): FieldValue {
  return def.kind === "uint" || def.kind === "flags"
    ? drawNumber(chance, def.sizeBits, constants)
    : drawBytes(chance, def.sizeBits / 8, constants);
}

/** Up to 53 bits as a number, more as a bigint. */
export function drawNumber(chance: Chance, sizeBits: number, { numbers, strings }: Constants): number | bigint {
  if (sizeBits > 32) return drawWide(chance, sizeBits);
  const limit = 2 ** sizeBits;
  const way = chance.below(8);
  if (way < 2 && numbers.length > 0) {
    const number = oneOf(chance, numbers);
    return (chance.below(2) === 0 ? number : swapped(number, sizeBits)) % limit;
  }
  if (way === 2 && strings.length > 0) {
    const bytes = oneOf(chance, strings);
    if (bytes.length * 8 === sizeBits) return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }
  if (way < 6) return boundary(chance, sizeBits);
  return chance.below(limit);
}

/** 0, 1, 2, the largest ones, powers of two and what lies beside them. */
function boundary(chance: Chance, sizeBits: number): number {
  const power = 2 ** chance.below(sizeBits + 1);
  return (power - 1 + chance.below(3) + 2 ** sizeBits) % 2 ** sizeBits;
}

function drawWide(chance: Chance, sizeBits: number): bigint {
  const way = chance.below(3);
  if (way === 0) return 0n;
  if (way === 1) return 2n ** BigInt(sizeBits) - 1n;
  return BigInt.asUintN(sizeBits, (BigInt(chance.below(2 ** 32)) << 32n) | BigInt(chance.below(2 ** 32)));
}

/** The number with its bytes turned round, as a program that compares in network order has it. */
export function swapped(number: number, sizeBits: number): number {
  if (sizeBits <= 8) return number;
  if (sizeBits <= 16) return ((number & 0xff) << 8) | ((number >>> 8) & 0xff);
  return (((number & 0xff) << 24) | ((number & 0xff00) << 8) | ((number >>> 8) & 0xff00) | (number >>> 24)) >>> 0;
}

function drawBytes(chance: Chance, sizeBytes: number, { strings }: Constants): Uint8Array {
  const way = chance.below(4);
  if (way < 2) {
    const fitting = strings.filter(({ length }) => length === sizeBytes);
    if (fitting.length > 0) return oneOf(chance, fitting);
  }
  if (way === 2) return new Uint8Array(sizeBytes).fill(oneOf(chance, [0, 0xff]));
  return Uint8Array.from({ length: sizeBytes }, () => chance.below(256));
}

/** How often a value is drawn in search of one that fits a pattern. */
const mostDraws = 64;

/** A value that is as a pattern says; the field's default where none was found. */
export function drawMatching(
  chance: Chance,
  def: FieldDef,
  pattern: Pattern,
  constants: Constants,
): FieldValue | undefined {
  switch (pattern.kind) {
    case "any":
      return drawValue(chance, def, constants);
    case "equals":
      return pattern.value;
    case "in":
      return oneOf(chance, pattern.values);
    case "range": {
      const { min = 0, max = 2 ** Math.min(def.sizeBits, 53) - 1 } = pattern;
      if (typeof min !== "number" || typeof max !== "number") break;
      return oneOf(chance, [min, max, min + chance.below(Math.min(max - min + 1, 2 ** 32))]);
    }
    case "masked": {
      const { mask, value } = pattern;
      const drawn = drawValue(chance, def, constants);
      if (mask instanceof Uint8Array && value instanceof Uint8Array && drawn instanceof Uint8Array)
        return drawn.map((byte, i) => (byte & ~mask[i]!) | value[i]!);
      if (typeof mask === "number" && typeof value === "number" && typeof drawn === "number")
        return ((drawn & ~mask) | value) >>> 0;
      break;
    }
    case "matches":
    case "not":
      break;
  }
  for (let draw = 0; draw < mostDraws; draw++) {
    const value = drawValue(chance, def, constants);
    if (matchPattern(pattern, value)) return value;
  }
  return undefined;
}
