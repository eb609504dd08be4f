import type { SizeBytes } from "../isa/instruction.js";
import { Fault } from "./fault.js";
import { MemoryPool } from "./memory-pool.js";
import { cellAt, describePlace, type Cell, type Region } from "./region.js";

/** Bits of a byte's shadow. A stack slot that nothing was written to yet may be written, but not read. */
export const readable = 1;
export const writable = 2;

export const pageBytes = 65536;

/** Nothing is ever readable below: null pointers and small numbers are no addresses. */
const firstAddress = pageBytes;

/** Forbidden bytes behind every allocation, so that a step too far does not land in the next one. */
const redZoneBytes = 32;

/** What a program can address, its shadow and a page behind it have to fit into WebAssembly's 4 GiB. */
const maxCapacityBytes = 2 ** 30;

/**
 * An instruction's offset leads at most this far from its base register. What programs may touch begins and ends so
 * far from the ends of the memory, that one comparison of the base is enough for all offsets.
 */
export const farthestOffset = 2 ** 15;

const largestAccessBytes = 8;

/**
 * The memory of one simulated machine, shared by both engines: stack frames, contexts, packets and
 * map values at the addresses that the program sees. It is one WebAssembly.Memory of twice the
 * capacity. The byte at address `a` has its permissions, its *shadow*, at `a + capacityBytes`: one
 * masked load checks an access of any size to the byte. Behind the shadow lies a page that stays zero.
 *
 * The memory never grows, so that views stay valid until `release`; pages that nothing touched cost nothing.
 */
export class Arena {
  /** A power of two. */
  readonly capacityBytes: number;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #shadow: Uint8Array;
  readonly #pool: MemoryPool;
  /** Ascending by start. */
  readonly #regions: Region[] = [];
  #nextFree = firstAddress;

  constructor(neededBytes: number, pool = new MemoryPool()) {
    this.capacityBytes =
      pageBytes *
      2 ** Math.ceil(Math.log2((neededBytes + firstAddress + farthestOffset + largestAccessBytes) / pageBytes));
    if (this.capacityBytes > maxCapacityBytes)
      throw new RangeError(`${neededBytes} bytes are more than the simulator can address`);
    this.#pool = pool;
    this.memory = pool.take(this.#pages);
    this.bytes = new Uint8Array(this.memory.buffer, 0, this.capacityBytes);
    this.view = new DataView(this.memory.buffer);
    this.#shadow = new Uint8Array(this.memory.buffer, this.capacityBytes, this.capacityBytes);
  }

  /**
   * Zeroed bytes at an address that is a multiple of 8, with forbidden ones behind; `describe` is for
   * messages. Undefined where the arena is full.
   */
  allocate(sizeBytes: number, permission: number, describe: Region["describe"]): number | undefined {
    const start = this.#nextFree;
    const end = start + sizeBytes;
    const next = (end + redZoneBytes + 7) & ~7;
    if (next < end || next > this.highestBase - farthestOffset) return undefined;
    this.#nextFree = next;
    this.#regions.push({ start, sizeBytes, describe });
    this.protect(start, sizeBytes, permission);
    return start;
  }

  /** As `allocate`, for what a machine cannot do without. */
  reserve(sizeBytes: number, permission: number, name: string): number {
    const start = this.allocate(sizeBytes, permission, () => ({ name, start: 0, sizeBytes }));
    if (start === undefined) throw new RangeError(`no room for ${sizeBytes} bytes of ${name}`);
    return start;
  }

  /** Gives the memory back, for another machine: nothing that has a view of it may be used any more. */
  release(): void {
    this.bytes.fill(0, 0, this.#nextFree);
    this.#shadow.fill(0, 0, this.#nextFree);
    this.#pool.give(this.memory, this.#pages, 2 * this.#nextFree);
  }

  /** Base registers of allowed accesses are at least `farthestOffset`, and at most this. */
  get highestBase(): number {
    return this.capacityBytes - largestAccessBytes;
  }

  /** Where what has been given out begins. */
  get start(): number {
    return firstAddress;
  }

  /** Addresses below have been given out. */
  get end(): number {
    return this.#nextFree;
  }

  /** What lies at an address; undefined where nothing does. */
  cellAt(address: number): Cell | undefined {
    return cellAt(this.#regions, address);
  }

  protect(address: number, sizeBytes: number, permission: number): void {
    this.#shadow.fill(permission, address, address + sizeBytes);
  }

  /** Whether every byte has all the bits of `permission`. Any number may be asked about. */
  allows(address: number, sizeBytes: number, permission: number): boolean {
    if (!(address >= 0 && address + sizeBytes <= this.capacityBytes)) return false;
    for (let at = address; at < address + sizeBytes; at++)
      if ((this.#shadow[at]! & permission) !== permission) return false;
    return true;
  }

  /** As `allows`, for the sizes of instructions: without a loop. */
  allowsWord(address: number, sizeBytes: SizeBytes, permission: number): boolean {
    if (!(address >= 0 && address <= this.capacityBytes - 8)) return false;
    const at = this.capacityBytes + address;
    const { view } = this;
    switch (sizeBytes) {
      case 1:
        return (view.getUint8(at) & permission) === permission;
      case 2:
        return (view.getUint16(at) & (0x0101 * permission)) === 0x0101 * permission;
      case 4:
        return (view.getInt32(at) & (0x01010101 * permission)) === 0x01010101 * permission;
      case 8: {
        const mask = 0x01010101 * permission;
        return (view.getInt32(at) & view.getInt32(at + 4) & mask) === mask;
      }
    }
  }

  /** Bytes that a helper reads; a view, valid for ever. */
  read(address: number, sizeBytes: number): Uint8Array {
    if (!this.allows(address, sizeBytes, readable)) throw this.fault("reads", address, sizeBytes, readable);
    return this.bytes.subarray(address, address + sizeBytes);
  }

  /** A C string with its terminating NUL. */
  readText(address: number): Uint8Array {
    let end = address;
    while (this.read(end, 1)[0] !== 0) end++;
    return this.bytes.subarray(address, end + 1);
  }

  /** Bytes that a helper is about to write, all of them: they become readable. */
  write(address: number, sizeBytes: number): Uint8Array {
    if (!this.allows(address, sizeBytes, writable)) throw this.fault("writes", address, sizeBytes, writable);
    this.protect(address, sizeBytes, readable | writable);
    return this.bytes.subarray(address, address + sizeBytes);
  }

  /** What to say of an access that is not allowed. */
  fault(verb: "reads" | "writes", address: number, sizeBytes: number, permission: number): Fault {
    const bad = this.#firstForbidden(address, sizeBytes, permission);
    const place = describePlace(this.#regions, address, sizeBytes, bad, this.#why(bad));
    return new Fault(`${verb} ${sizeBytes} byte${sizeBytes === 1 ? "" : "s"} at ${hex(address)}: ${place}`);
  }

  get #pages(): number {
    return (2 * this.capacityBytes) / pageBytes + 1;
  }

  #firstForbidden(address: number, sizeBytes: number, permission: number): number {
    for (let at = address; at < address + sizeBytes; at++) if (!this.allows(at, 1, permission)) return at;
    return address;
  }

  #why(address: number): string {
    const shadow = this.#shadow[address] ?? 0;
    if (shadow === readable) return "is read-only";
    return shadow === writable ? "was never written" : "is no longer there";
  }
}

/** Beyond 52 bits a number is not exact, but then it is no address anyway. */
function hex(address: number): string {
  if (Math.abs(address) >= 2 ** 52) return "an address of more than 52 bits";
  return address < 0 ? `-0x${(-address).toString(16)}` : `0x${address.toString(16)}`;
}
