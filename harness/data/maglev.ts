/**
 * The lookup table of Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer",
 * NSDI 2016, section 3.4). Each backend lists all slots in an order of its own; the backends take turns, each taking
 * the first slot of its list that is still free, until none is.
 *
 * What that promises: the numbers of slots differ by one at most, since all take turns. What it does not: that only
 * the flows of a backend that leaves move. Its slots are given to others, which then do not need slots that they had;
 * a few per cent more move, fewer as the table is larger against the number of backends.
 *
 * @param identities what each backend is recognised by, in any order; the same bytes always have the same list
 * @param slots size of the table; a prime, so that every step size reaches every slot
 * @returns for each slot the index of its backend
 */
export function maglevTable(identities: readonly Uint8Array[], slots: number): Uint32Array {
  // Who is first in a round gets what others want too: by identity, so that the order in the file says nothing.
  const hashes = identities.map((bytes) => ({ offset: hash(bytes, 0), skip: hash(bytes, 1) }));
  const turns = [...hashes.keys()].sort(
    (a, b) => hashes[a]!.offset - hashes[b]!.offset || hashes[a]!.skip - hashes[b]!.skip,
  );
  const next = hashes.map(({ offset }) => offset % slots);
  const steps = hashes.map(({ skip }) => (skip % (slots - 1)) + 1);
  const table = new Uint32Array(slots);
  const taken = new Uint8Array(slots);
  for (let filled = 0; filled < slots; filled++) {
    const backend = turns[filled % turns.length]!;
    let slot = next[backend]!;
    while (taken[slot]) slot = (slot + steps[backend]!) % slots;
    taken[slot] = 1;
    table[slot] = backend;
    next[backend] = (slot + steps[backend]!) % slots;
  }
  return table;
}

export function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}

/** FNV-1a, finished as MurmurHash3 does, so that backends with neighbouring numbers are far apart. */
function hash(bytes: Uint8Array, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
