/** Random numbers that a seed decides. */
export interface Chance {
  /** A whole number from 0 to, without, `limit`, which is at most 2^32. */
  below(limit: number): number;
}

export function oneOf<T>(chance: Chance, items: readonly T[]): T {
  return items[chance.below(items.length)]!;
}
