/** An allocation, as messages speak of it. */
export interface Region {
  readonly start: number;
  readonly sizeBytes: number;
  /** What is at, or closest to, an offset: a map's storage names the value it lies in. */
  readonly describe: (offset: number) => Cell;
}

/** A thing that bounds are about: the packet, one value of a map, one frame of the stack. */
export interface Cell {
  readonly name: string;
  /** Offset in the region; the cell itself may be smaller than the region. */
  readonly start: number;
  readonly sizeBytes: number;
}

/** Further away than this from anything, an address has nothing to do with it. */
const nearBytes = 4096;

/**
 * Where a forbidden byte is, in words: `2 bytes past the end of the packet (64 bytes)`.
 *
 * @param regions ascending by start
 * @param bad the first byte of the access that is forbidden
 * @param why what is wrong with it where it does lie inside a region's cell
 */
export function describePlace(
  regions: readonly Region[],
  address: number,
  sizeBytes: number,
  bad: number,
  why: string,
): string {
  if (address >= 0 && address < nearBytes) return "a null pointer";
  const region = closest(regions, bad);
  if (!region) return "no memory of the program";
  const cell = region.describe(bad - region.start);
  const start = region.start + cell.start;
  const end = start + cell.sizeBytes;
  const title = `${cell.name} (${cell.sizeBytes} bytes)`;
  if (bad >= end) return `${bytes(address + sizeBytes - end)} past the end of ${title}`;
  if (bad < start) return `${bytes(start - address)} before the beginning of ${title}`;
  return `byte ${bad - start} of ${title} ${why}`;
}

/** The cell that an address lies in, or just behind, with its start as an address. */
export function cellAt(regions: readonly Region[], address: number): Cell | undefined {
  const region = closest(regions, address);
  if (!region || address < region.start || address > region.start + region.sizeBytes) return undefined;
  const cell = region.describe(address - region.start);
  return { ...cell, start: region.start + cell.start };
}

function bytes(count: number): string {
  return `${count} byte${count === 1 ? "" : "s"}`;
}

function closest(regions: readonly Region[], address: number): Region | undefined {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (regions[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  const distance = (region: Region | undefined) =>
    region ? Math.max(region.start - address, address - region.start - region.sizeBytes, 0) : Infinity;
  const [before, after] = [regions[low - 1], regions[low]];
  const best = distance(before) <= distance(after) ? before : after;
  return distance(best) < nearBytes ? best : undefined;
}
