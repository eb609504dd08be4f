/** Random numbers that a seed decides. */
export interface Chance {
  /** A whole number from 0 to, without, `limit`, which is at most 2^32. */
  below(limit: number): number;
}

export function oneOf<T>(chance: Chance, items: readonly T[]): T {
  return items[chance.below(items.length)]!;
}
/** xorshift32 (Marsaglia 2003): three shifts a number, good enough for choosing what to try next. */
export class FastChance implements Chance {
  #state: number;

  constructor(seed: number) {
    // Zero would stay zero; nearby seeds must not begin alike.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }
}
