import type { AluOperation } from "../../isa/instruction.js";

/**
 * Registers as pairs of 32-bit words, the lower one first: 64-bit arithmetic without BigInt, which
 * would be ten times slower. `d` and `s` are the indexes of the lower words of both operands.
 */
export type Registers = Int32Array;
export type Operation = (r: Registers, d: number, s: number) => void;

const add: Operation = (r, d, s) => {
  const low = (r[d]! >>> 0) + (r[s]! >>> 0);
  r[d + 1] = r[d + 1]! + r[s + 1]! + (low > 0xffffffff ? 1 : 0);
  r[d] = low;
};

const sub: Operation = (r, d, s) => {
  const low = (r[d]! >>> 0) - (r[s]! >>> 0);
  r[d + 1] = r[d + 1]! - r[s + 1]! - (low < 0 ? 1 : 0);
  r[d] = low;
};

/** The upper 32 bits of a product of unsigned numbers, by halves of 16 bits. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh] = [a & 0xffff, a >>> 16];
  const [bLow, bHigh] = [b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000);
}

const mul: Operation = (r, d, s) => {
  const [aLow, aHigh] = [r[d]!, r[d + 1]!];
  const [bLow, bHigh] = [r[s]!, r[s + 1]!];
  r[d + 1] = multiplyHigh(aLow, bLow) + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow);
  r[d] = Math.imul(aLow, bLow);
};

function toBigInt(r: Registers, at: number): bigint {
  return (BigInt(r[at + 1]!) << 32n) | BigInt(r[at]! >>> 0);
}

function fromBigInt(r: Registers, at: number, value: bigint): void {
  r[at] = Number(BigInt.asIntN(32, value));
  r[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

function isZero(r: Registers, at: number): boolean {
  return r[at] === 0 && r[at + 1] === 0;
}

function areShort(r: Registers, d: number, s: number): boolean {
  return r[d + 1] === 0 && r[s + 1] === 0;
}

const set = (r: Registers, at: number, low: number, high: number) => {
  r[at] = low;
  r[at + 1] = high;
};

/** RFC 9669 §4.1: division by zero gives 0. */
const div: Operation = (r, d, s) => {
  if (isZero(r, s)) set(r, d, 0, 0);
  else if (areShort(r, d, s)) r[d] = Math.floor((r[d]! >>> 0) / (r[s]! >>> 0));
  else fromBigInt(r, d, BigInt.asUintN(64, toBigInt(r, d)) / BigInt.asUintN(64, toBigInt(r, s)));
};

/** RFC 9669 §4.1: modulo zero leaves the destination. */
const mod: Operation = (r, d, s) => {
  if (isZero(r, s)) return;
  if (areShort(r, d, s)) r[d] = (r[d]! >>> 0) % (r[s]! >>> 0);
  else fromBigInt(r, d, BigInt.asUintN(64, toBigInt(r, d)) % BigInt.asUintN(64, toBigInt(r, s)));
};

const sdiv: Operation = (r, d, s) => fromBigInt(r, d, isZero(r, s) ? 0n : toBigInt(r, d) / toBigInt(r, s));

const smod: Operation = (r, d, s) => {
  if (!isZero(r, s)) fromBigInt(r, d, toBigInt(r, d) % toBigInt(r, s));
};

/** Shifts look at the lower 6 bits of the second operand (RFC 9669 §4.1). */
const lsh: Operation = (r, d, s) => {
  const count = r[s]! & 63;
  const [low, high] = [r[d]!, r[d + 1]!];
  if (count >= 32) set(r, d, 0, low << (count - 32));
  else if (count > 0) set(r, d, low << count, (high << count) | (low >>> (32 - count)));
};

const rsh: Operation = (r, d, s) => {
  const count = r[s]! & 63;
  const [low, high] = [r[d]!, r[d + 1]!];
  if (count >= 32) set(r, d, high >>> (count - 32), 0);
  else if (count > 0) set(r, d, (low >>> count) | (high << (32 - count)), high >>> count);
};

const arsh: Operation = (r, d, s) => {
  const count = r[s]! & 63;
  const [low, high] = [r[d]!, r[d + 1]!];
  if (count >= 32) set(r, d, high >> (count - 32), high >> 31);
  else if (count > 0) set(r, d, (low >>> count) | (high << (32 - count)), high >> count);
};

export const alu64: Readonly<Record<AluOperation, Operation>> = {
  add,
  sub,
  mul,
  div,
  sdiv,
  mod,
  smod,
  lsh,
  rsh,
  arsh,
  or: (r, d, s) => set(r, d, r[d]! | r[s]!, r[d + 1]! | r[s + 1]!),
  and: (r, d, s) => set(r, d, r[d]! & r[s]!, r[d + 1]! & r[s + 1]!),
  xor: (r, d, s) => set(r, d, r[d]! ^ r[s]!, r[d + 1]! ^ r[s + 1]!),
  mov: (r, d, s) => set(r, d, r[s]!, r[s + 1]!),
};

// Each is a function of its own, and not made by a common one, so that V8 optimises each by itself.
export const alu32: Readonly<Record<AluOperation, Operation>> = {
  add: (r, d, s) => set(r, d, r[d]! + r[s]!, 0),
  sub: (r, d, s) => set(r, d, r[d]! - r[s]!, 0),
  mul: (r, d, s) => set(r, d, Math.imul(r[d]!, r[s]!), 0),
  div: (r, d, s) => set(r, d, r[s] === 0 ? 0 : Math.floor((r[d]! >>> 0) / (r[s]! >>> 0)), 0),
  sdiv: (r, d, s) => set(r, d, r[s] === 0 ? 0 : Math.trunc(r[d]! / r[s]!), 0),
  mod: (r, d, s) => set(r, d, r[s] === 0 ? r[d]! : (r[d]! >>> 0) % (r[s]! >>> 0), 0),
  smod: (r, d, s) => set(r, d, r[s] === 0 ? r[d]! : r[d]! % r[s]!, 0),
  lsh: (r, d, s) => set(r, d, r[d]! << (r[s]! & 31), 0),
  rsh: (r, d, s) => set(r, d, r[d]! >>> (r[s]! & 31), 0),
  arsh: (r, d, s) => set(r, d, r[d]! >> (r[s]! & 31), 0),
  or: (r, d, s) => set(r, d, r[d]! | r[s]!, 0),
  and: (r, d, s) => set(r, d, r[d]! & r[s]!, 0),
  xor: (r, d, s) => set(r, d, r[d]! ^ r[s]!, 0),
  mov: (r, d, s) => set(r, d, r[s]!, 0),
};

export const negate = {
  32: (r: Registers, d: number) => set(r, d, -r[d]!, 0),
  64: (r: Registers, d: number) => set(r, d, -r[d]!, r[d] === 0 ? -r[d + 1]! : ~r[d + 1]!),
} as const;

function swap16(low: number): number {
  return ((low & 0xff) << 8) | ((low >>> 8) & 0xff);
}

function swap32(low: number): number {
  return (swap16(low) << 16) | swap16(low >>> 16);
}

/** Turns the lower bits round and zeroes the rest. */
export function swapBytes(r: Registers, d: number, bits: 16 | 32 | 64): void {
  if (bits === 64) set(r, d, swap32(r[d + 1]!), swap32(r[d]!));
  else set(r, d, bits === 16 ? swap16(r[d]!) : swap32(r[d]!), 0);
}

/** Keeps the lower bits. */
export function truncate(r: Registers, d: number, bits: 16 | 32 | 64): void {
  if (bits < 64) set(r, d, bits === 16 ? r[d]! & 0xffff : r[d]!, 0);
}

/** The lower bits of a word as a signed number. */
export function signExtend(low: number, bits: 8 | 16 | 32): number {
  return (low << (32 - bits)) >> (32 - bits);
}
