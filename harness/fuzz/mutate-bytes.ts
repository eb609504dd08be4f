import { oneOf, type Chance } from "./chance.js";
import type { Constants } from "./constants.js";
import { swapped } from "./draw-value.js";
import { steerChecksum, writeOptions } from "./hostile.js";
import { repairFrame, repairPacket } from "./repair.js";

/** Bytes at the front of a buffer that is used again and again. */
export interface Scratch {
  readonly bytes: Uint8Array;
  size: number;
}

/** Longer packets show nothing that these do not. */
export const mostBytes = 1600;
export const ethernetBytes = 14;

export function newScratch(): Scratch {
  return { bytes: new Uint8Array(mostBytes), size: 0 };
}

export function load(scratch: Scratch, bytes: Uint8Array): void {
  scratch.size = Math.min(bytes.length, mostBytes);
  scratch.bytes.set(bytes.length > mostBytes ? bytes.subarray(0, mostBytes) : bytes);
}

/** Makes a few changes, most of them small, and then as often as not lengths and checksums right again. */
export function mutate(
  scratch: Scratch,
  chance: Chance,
  { numbers, strings }: Constants,
  other: Uint8Array,
  linkType: string,
): void {
  for (let more = 1 << chance.below(4); more > 0; more--) {
    const { bytes, size } = scratch;
    // Headers come first, and decide more than what is behind them.
    const at = chance.below(chance.below(4) > 0 ? Math.min(size, 80) : size);
    switch (chance.below(12)) {
      case 0:
        bytes[at]! ^= 1 << chance.below(8);
        break;
      case 1:
        bytes[at] = chance.below(256);
        break;
      case 2:
        bytes[at]! += chance.below(2) === 0 ? 1 + chance.below(8) : -1 - chance.below(8);
        break;
      case 3:
        writeNumber(scratch, at, oneOf(chance, boundaries), 1 << chance.below(3));
        break;
      case 4:
      case 5: {
        if (numbers.length === 0) break;
        const number = oneOf(chance, numbers);
        const sizeBytes = number > 0xffff ? 4 : number > 0xff ? 2 : 1 + chance.below(2);
        writeNumber(scratch, at, chance.below(2) === 0 ? number : swapped(number, sizeBytes * 8), sizeBytes);
        break;
      }
      case 6: {
        if (strings.length === 0) break;
        const string = oneOf(chance, strings);
        if (at + string.length <= size) bytes.set(string, at);
        break;
      }
      case 7: {
        const count = 1 + chance.below(chance.below(4) === 0 ? 64 : 4);
        if (size + count > mostBytes) break;
        bytes.copyWithin(at + count, at, size);
        const filling = chance.below(4);
        for (let i = 0; i < count; i++) bytes[at + i] = filling === 3 ? chance.below(256) : filling & 1;
        scratch.size += count;
        break;
      }
      case 8: {
        const count = Math.min(1 + chance.below(8), size - at);
        if (size - count < ethernetBytes) break;
        bytes.copyWithin(at, at + count, size);
        scratch.size -= count;
        break;
      }
      case 9:
        scratch.size = writeOptions(bytes, size, chance);
        break;
      case 10:
        if (chance.below(4) === 0) scratch.size = Math.max(ethernetBytes, chance.below(size + 1));
        break;
      default: {
        const from = chance.below(other.length);
        const count = Math.min(1 + chance.below(20), other.length - from, size - at);
        bytes.set(other.subarray(from, from + count), at);
      }
    }
  }
  if (chance.below(2) === 0) repair(scratch, linkType, chance.below(2) === 0);
  if (chance.below(16) === 0 && linkType === "ethernet") steerChecksum(scratch.bytes, scratch.size, chance);
}

export function repair({ bytes, size }: Scratch, linkType: string, lengths: boolean): void {
  (linkType === "ethernet" ? repairFrame : repairPacket)(bytes, size, { lengths });
}

const boundaries = [0, 1, 2, 4, 5, 15, 16, 20, 40, 63, 64, 127, 128, 255, 256, 511, 512, 1500, 0x7fff, 0x8000, 0xffff];

/** Big-endian, as headers have it. */
function writeNumber({ bytes, size }: Scratch, at: number, number: number, sizeBytes: number): void {
  if (at + sizeBytes > size) return;
  for (let i = 0; i < sizeBytes; i++) bytes[at + i] = number >>> (8 * (sizeBytes - 1 - i));
}
