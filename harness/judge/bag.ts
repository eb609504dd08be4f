/** A failed comparison of two collections has two sides: what came without being expected, and what was expected and never came. */
export interface BagDifference<Expected, Actual> {
  readonly unseen: readonly Expected[];
  readonly unexpected: readonly Actual[];
}

/**
 * Pairs every expected item with an actual one of its own, in any order, as many pairs as can be made
 * (augmenting paths: a greedy choice could use up the only partner of a later, stricter item).
 */
export function matchBag<Expected, Actual>(
  expected: readonly Expected[],
  actual: readonly Actual[],
  fits: (expected: Expected, actual: Actual) => boolean,
): BagDifference<Expected, Actual> {
  const table = expected.map((item) => actual.map((candidate) => fits(item, candidate)));
  const takenBy: (number | undefined)[] = actual.map(() => undefined);

  const place = (item: number, visited: Set<number>): boolean => {
    for (let candidate = 0; candidate < actual.length; candidate++) {
      if (!table[item]![candidate] || visited.has(candidate)) continue;
      visited.add(candidate);
      const holder = takenBy[candidate];
      if (holder === undefined || place(holder, visited)) {
        takenBy[candidate] = item;
        return true;
      }
    }
    return false;
  };

  const unseen = expected.filter((_, item) => !place(item, new Set()));
  const unexpected = actual.filter((_, candidate) => takenBy[candidate] === undefined);
  return { unseen, unexpected };
}
