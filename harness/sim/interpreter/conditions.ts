import type { Condition } from "../../isa/instruction.js";
import type { Registers } from "./alu.js";

export type Test = (r: Registers, d: number, s: number) => boolean;

const equal: Test = (r, d, s) => r[d] === r[s] && r[d + 1] === r[s + 1];

const below: Test = (r, d, s) =>
  r[d + 1] === r[s + 1] ? r[d]! >>> 0 < r[s]! >>> 0 : r[d + 1]! >>> 0 < r[s + 1]! >>> 0;

const signedBelow: Test = (r, d, s) => (r[d + 1] === r[s + 1] ? r[d]! >>> 0 < r[s]! >>> 0 : r[d + 1]! < r[s + 1]!);

export const conditions64: Readonly<Record<Condition, Test>> = {
  eq: equal,
  ne: (r, d, s) => !equal(r, d, s),
  set: (r, d, s) => (r[d]! & r[s]!) !== 0 || (r[d + 1]! & r[s + 1]!) !== 0,
  lt: below,
  ge: (r, d, s) => !below(r, d, s),
  gt: (r, d, s) => below(r, s, d),
  le: (r, d, s) => !below(r, s, d),
  slt: signedBelow,
  sge: (r, d, s) => !signedBelow(r, d, s),
  sgt: (r, d, s) => signedBelow(r, s, d),
  sle: (r, d, s) => !signedBelow(r, s, d),
};

/** Of the lower words. */
export const conditions32: Readonly<Record<Condition, Test>> = {
  eq: (r, d, s) => r[d] === r[s],
  ne: (r, d, s) => r[d] !== r[s],
  set: (r, d, s) => (r[d]! & r[s]!) !== 0,
  lt: (r, d, s) => r[d]! >>> 0 < r[s]! >>> 0,
  ge: (r, d, s) => r[d]! >>> 0 >= r[s]! >>> 0,
  gt: (r, d, s) => r[d]! >>> 0 > r[s]! >>> 0,
  le: (r, d, s) => r[d]! >>> 0 <= r[s]! >>> 0,
  slt: (r, d, s) => r[d]! < r[s]!,
  sge: (r, d, s) => r[d]! >= r[s]!,
  sgt: (r, d, s) => r[d]! > r[s]!,
  sle: (r, d, s) => r[d]! <= r[s]!,
};
