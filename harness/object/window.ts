import { harnessError, type HarnessError } from "../model/error.js";

/** Longest text that is read: names have at most 512 bytes in the kernel (KSYM_NAME_LEN), source lines are cut off here. */
const maxTextBytes = 1024;

/**
 * A named stretch of an ELF file that is read by offset. Every read is checked, so that a broken
 * object ends in a HarnessError with section and offset and never in a RangeError.
 */
export class Window {
  /** As messages say it: `section .BTF`, `ELF header`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly #view: DataView;
  /** Where `bytes` begins in what `name` speaks of. */
  readonly #origin: number;
  /** Names are referred to again and again: each is decoded once. */
  readonly #texts = new Map<number, string>();

  constructor(name: string, bytes: Uint8Array, littleEndian: boolean, origin = 0) {
    this.name = name;
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#origin = origin;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  u8(offset: number, what: string): number {
    this.#need(offset, 1, what);
    return this.#view.getUint8(offset);
  }

  u16(offset: number, what: string): number {
    this.#need(offset, 2, what);
    return this.#view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number, what: string): number {
    this.#need(offset, 4, what);
    return this.#view.getUint32(offset, this.littleEndian);
  }

  i32(offset: number, what: string): number {
    return this.u32(offset, what) | 0;
  }

  u64(offset: number, what: string): bigint {
    this.#need(offset, 8, what);
    return this.#view.getBigUint64(offset, this.littleEndian);
  }

  /** A 64-bit size or offset; beyond 2^53 it is imprecise, but larger than any file all the same. */
  size(offset: number, what: string): number {
    return Number(this.u64(offset, what));
  }

  /** A part of this window; offsets in its messages still count from the beginning of the whole. */
  part(offset: number, sizeBytes: number, what: string): Window {
    this.#need(offset, sizeBytes, what);
    const bytes = this.bytes.subarray(offset, offset + sizeBytes);
    return new Window(this.name, bytes, this.littleEndian, this.#origin + offset);
  }

  /** The NUL-terminated text at an offset of a string table; no more than its first 1024 bytes. */
  text(offset: number, what: string): string {
    const known = this.#texts.get(offset);
    if (known !== undefined) return known;
    this.#need(offset, 1, what);
    const limited = this.bytes.subarray(offset, offset + maxTextBytes);
    const end = limited.indexOf(0);
    if (end < 0 && limited.length < maxTextBytes) throw this.error(offset, `${what} has no terminating NUL`);
    const text = decoder.decode(end < 0 ? limited : limited.subarray(0, end));
    this.#texts.set(offset, text);
    return text;
  }

  error(offset: number, message: string, hint?: string): HarnessError {
    return objectError(`${this.name}, offset 0x${(this.#origin + offset).toString(16)}`, message, hint);
  }

  #need(offset: number, sizeBytes: number, what: string): void {
    // `offset` may come from the file as any number, so the sum is compared, not the parts.
    if (offset >= 0 && offset + sizeBytes <= this.bytes.length) return;
    const left = Math.max(0, this.bytes.length - offset);
    throw this.error(offset, `${what} needs ${sizeBytes} bytes, ${left} are left`);
  }
}

const decoder = new TextDecoder();

/** What is wrong with an object, and where in it. */
export function objectError(where: string, message: string, hint?: string): HarnessError {
  return harnessError("object", `${where}: ${message}`, { hint });
}
