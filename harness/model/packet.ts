/** What the first byte of a packet belongs to (the LINKTYPE_ registry's names, tcpdump.org/linktypes). */
export type LinkType = "ethernet" | "raw-ip";

/** Immutable bytes from the first link-layer byte on, without frame check sequence. */
export interface Packet {
  readonly linkType: LinkType;
  readonly bytes: Uint8Array;
}

/** A header field's value in canonical form: numbers up to 53 bits, addresses and payloads as bytes, options as lists. */
export type FieldValue =
  number | bigint | string | boolean | Uint8Array | readonly FieldValue[] | { readonly [name: string]: FieldValue };

/** What a field (of a packet, a map value, an event or a context) has to be. */
export type Pattern =
  | { readonly kind: "any" }
  | { readonly kind: "equals"; readonly value: FieldValue }
  | { readonly kind: "in"; readonly values: readonly FieldValue[] }
  /** Inclusive at both ends; either may be absent. */
  | { readonly kind: "range"; readonly min?: FieldValue; readonly max?: FieldValue }
  /** `(actual & mask) === value`; also what an address prefix becomes. */
  | { readonly kind: "masked"; readonly mask: FieldValue; readonly value: FieldValue }
  /** Text only. */
  | { readonly kind: "matches"; readonly regex: RegExp }
  | { readonly kind: "not"; readonly pattern: Pattern };
