import { readable, writable, type Arena } from "../arena.js";

/** Forbidden bytes between values, so that one step too far is seen. */
const redZoneBytes = 8;

/** Values are allocated in pieces of about this size. */
const pieceBytes = 1 << 16;

/** Bytes that a value takes in the arena, with the forbidden ones behind it. */
export function strideOf(valueSizeBytes: number): number {
  return 8 * Math.ceil(valueSizeBytes / 8) + redZoneBytes;
}

/** Storage for the values of one map: slots of one size, one value per CPU in each. */
export class ValueSlots {
  readonly #arena: Arena;
  readonly #name: string;
  readonly #sizeBytes: number;
  readonly #strideBytes: number;
  readonly #cpus: number;
  readonly #permission: number;
  readonly #free: number[] = [];

  constructor(arena: Arena, name: string, sizeBytes: number, cpus: number, permission = readable | writable) {
    this.#arena = arena;
    this.#name = name;
    this.#sizeBytes = sizeBytes;
    this.#strideBytes = strideOf(sizeBytes);
    this.#cpus = cpus;
    this.#permission = permission;
  }

  /** Address of so many zeroed slots, one after the other; undefined where memory is used up. */
  allocateArray(count: number): number | undefined {
    const values = count * this.#cpus;
    const stride = this.#strideBytes;
    const start = this.#arena.allocate(values * stride, 0, (offset) => ({
      name: `a value of map '${this.#name}'`,
      start: Math.floor(offset / stride) * stride,
      sizeBytes: this.#sizeBytes,
    }));
    if (start === undefined) return undefined;
    for (let i = 0; i < values; i++) this.#arena.protect(start + i * stride, this.#sizeBytes, this.#permission);
    return start;
  }

  /** Address of one slot, whose contents are whatever was there before; undefined where memory is used up. */
  take(): number | undefined {
    if (this.#free.length === 0) this.#refill();
    return this.#free.pop();
  }

  /** The slot may be taken again. Programs that still point to it can go on reading it, as under RCU. */
  give(slot: number): void {
    this.#free.push(slot);
  }

  /** Address of the value on a CPU. */
  onCpu(slot: number, cpu: number): number {
    return slot + (cpu % this.#cpus) * this.#strideBytes;
  }

  /** Address of the slot that lies so many behind another, in an array. */
  at(start: number, index: number): number {
    return start + index * this.#cpus * this.#strideBytes;
  }

  /** Copies of the values of all CPUs. */
  read(slot: number): Uint8Array[] {
    return Array.from({ length: this.#cpus }, (_, cpu) => {
      const address = this.onCpu(slot, cpu);
      return this.#arena.bytes.slice(address, address + this.#sizeBytes);
    });
  }

  write(slot: number, cpu: number, value: Uint8Array): void {
    this.#arena.bytes.set(value, this.onCpu(slot, cpu));
  }

  /** Writes the values of all CPUs; those beyond the list become zero. */
  writeAll(slot: number, values: readonly Uint8Array[]): void {
    const zero = new Uint8Array(this.#sizeBytes);
    for (let cpu = 0; cpu < this.#cpus; cpu++) this.write(slot, cpu, values[cpu] ?? zero);
  }

  #refill(): void {
    const slotBytes = this.#cpus * this.#strideBytes;
    const count = Math.max(1, Math.floor(pieceBytes / slotBytes));
    const start = this.allocateArray(count) ?? this.allocateArray(1);
    if (start === undefined) return;
    const end = this.#free.length;
    // The lowest is taken first.
    for (let i = count - 1; i >= 0; i--) this.#free[end + count - 1 - i] = start + i * slotBytes;
  }
}
