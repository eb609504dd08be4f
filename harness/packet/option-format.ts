import type { OptionDef } from "./protocol.js";

/** How a protocol lays out its type-length-value options. */
export interface OptionFormat {
  readonly options: readonly OptionDef[];
  /** What the RFC calls the first byte: unknown options are written `{kind: 254, data: 0x…}`. */
  readonly codeName: "kind" | "type";
  /** The length byte counts the whole option, or only its data; in units of so many bytes. */
  readonly lengthCounts: "option" | "data";
  readonly unitBytes: 1 | 8;
  /** Name of the single-byte option after which only zeroes follow. */
  readonly end?: string;
  /** Options that mean nothing and fill up. */
  readonly fillers: readonly string[];
  /** Bytes that fill up options of this size. */
  readonly pad: (sizeBytes: number) => Uint8Array;
}

/** The option of that name in the table. */
export function optionNamed(format: OptionFormat, name: string): OptionDef | undefined {
  return format.options.find((option) => option.name === name);
}
