import type { Arena } from "./arena.js";
import { Fault } from "./fault.js";

/** Words of the call area: r0 to r5, then what a helper may need of its caller. */
export const callArea = {
  /** Byte offset of the call area in the arena, in the page that programs cannot reach. */
  address: 64,
  registers: 6,
  /** 32 bits: the caller's frame pointer, and the slot of the call, for faults. */
  framePointer: 64 + 6 * 8,
  slot: 64 + 6 * 8 + 4,
  /** 32 bits: instructions that are left to run. */
  budget: 64 + 7 * 8,
  /** 32 bits: a frame pointer below this is of one call too many. */
  lowestFrame: 64 + 8 * 8,
} as const;

/**
 * The arguments of one call of a helper, r1 to r5, and its result r0. They lie in the arena, where both
 * engines put them, as pairs of 32-bit words, since 64-bit numbers are slow in JavaScript.
 */
export class Call {
  readonly arena: Arena;
  readonly #words: Int32Array;

  constructor(arena: Arena) {
    this.arena = arena;
    this.#words = new Int32Array(arena.memory.buffer, callArea.address, callArea.registers * 2);
  }

  /** The lower half of argument 1 to 5. */
  u32(argument: number): number {
    return this.#words[2 * argument]! >>> 0;
  }

  i32(argument: number): number {
    return this.#words[2 * argument]!;
  }

  u64(argument: number): bigint {
    return (BigInt(this.#words[2 * argument + 1]! >>> 0) << 32n) | BigInt(this.u32(argument));
  }

  /** An address, or any other 64-bit number that is exact as long as it could be an address. */
  address(argument: number): number {
    return (this.#words[2 * argument + 1]! >>> 0) * 2 ** 32 + this.u32(argument);
  }

  /** The bytes that an argument points to; faults where they may not be read. */
  read(argument: number, sizeBytes: number): Uint8Array {
    return this.arena.read(this.address(argument), sizeBytes);
  }

  /** Bytes that an argument points to and that the helper fills. */
  write(argument: number, sizeBytes: number): Uint8Array {
    return this.arena.write(this.address(argument), sizeBytes);
  }

  set(argument: number, value: number | bigint): void {
    if (typeof value === "number" && value === (value | 0)) {
      this.#words[2 * argument] = value;
      this.#words[2 * argument + 1] = value >> 31;
    } else if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new Fault(`${value} is no 64-bit number`);
      this.#words[2 * argument] = value % 2 ** 32;
      this.#words[2 * argument + 1] = Math.floor(value / 2 ** 32);
    } else {
      this.#words[2 * argument] = Number(BigInt.asIntN(32, value));
      this.#words[2 * argument + 1] = Number(BigInt.asIntN(32, value >> 32n));
    }
  }

  get result(): bigint {
    return this.u64(0);
  }

  /** The lower half of r0, as programs of all packet hooks return it. */
  get result32(): number {
    return this.u32(0);
  }
}
