/** Which ways of a program were gone how often in one run, in steps: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more. */
export class CoverageMap {
  readonly #seen: Uint8Array;
  /** Ways that were gone at all. */
  edges = 0;

  constructor(sites: number) {
    this.#seen = new Uint8Array(sites);
  }

  /** Takes note of a run's counters; true where something is new. */
  add(counters: Uint32Array): boolean {
    const seen = this.#seen;
    let isNew = false;
    for (let i = 0; i < counters.length; i++) {
      const count = counters[i]!;
      if (count === 0) continue;
      const bit = count < 4 ? 1 << (count - 1) : bucketOf(count);
      if ((seen[i]! & bit) !== 0) continue;
      if (seen[i] === 0) this.edges++;
      seen[i]! |= bit;
      isNew = true;
    }
    return isNew;
  }
}

function bucketOf(count: number): number {
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}

/** A number for the ways that a run went, the same for the same ways. */
export function pathOf(counters: Uint32Array): number {
  let hash = 0;
  for (let i = 0; i < counters.length; i++) if (counters[i] !== 0) hash = (Math.imul(hash, 31) + i + 1) | 0;
  return hash;
}
