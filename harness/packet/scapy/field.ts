import type { FieldValue } from "../../model/packet.js";
import type { Call, Value } from "./syntax.js";

/** Some bits of one of our fields. */
export interface Part {
  readonly field: string;
  /** Bits of our field below these. */
  readonly shift: number;
  /** Undefined: all of a field that is no number. */
  readonly bits: number | undefined;
}

/**
 * One field of a Scapy class, and where its value is among ours. Numbers are cut and joined on both
 * sides: `IP.tos` is our `dscp` and `ecn`, and `GRE.key_present` one bit of our `flags`.
 */
export interface ScapyField {
  readonly name: string;
  readonly parts: readonly Part[];
  /** What Scapy puts there if nothing is said. Without: computed, or (addresses) what our own default is. */
  readonly default?: number | string;
  /** Scapy computes it from the rest, as we do: lengths, checksums, counts. */
  readonly computed?: true;
  /** A name for bits that another field has as well, which is the one that is written. */
  readonly alias?: true;
  /** Words that stand for numbers. */
  readonly words?: Readonly<Record<string, number>>;
  /** For values that are no number and no address. */
  readonly special?: SpecialValue;
}

export interface SpecialValue {
  read(value: Value, call: Call): FieldValue;
  /** Python text for the bytes of our field; undefined where Scapy has no way to write them. */
  write(bytes: Uint8Array): string | undefined;
}

/** A Scapy class. Several classes may share one of our protocols. */
export interface ScapyClass {
  readonly name: string;
  readonly protocol: string;
  readonly fields: readonly ScapyField[];
  /** The field that says what follows: Scapy fills it in from the next layer, where it knows the pair. */
  readonly next?: string;
  /** Values of ours that make a layer this class; they have no name in Scapy. */
  readonly fixed?: Readonly<Record<string, number>>;
  /** False for variants of the header that Scapy lays out differently. */
  readonly fits?: (values: Readonly<Record<string, FieldValue>>) => boolean;
}

type FieldOptions = Omit<ScapyField, "name" | "parts">;

/** All bits of a number of ours under Scapy's name. */
export function uint(name: string, field: string, bits: number, options: FieldOptions = {}): ScapyField {
  return { name, parts: [{ field, shift: 0, bits }], ...options };
}

/** Some bits of a number of ours. */
export function bitsOf(name: string, field: string, shift: number, bits: number, defaultValue = 0): ScapyField {
  return { name, parts: [{ field, shift, bits }], default: defaultValue };
}

/** An address, or a value that needs more than a number. */
export function whole(name: string, field: string, options: FieldOptions = {}): ScapyField {
  return { name, parts: [{ field, shift: 0, bits: undefined }], ...options };
}
