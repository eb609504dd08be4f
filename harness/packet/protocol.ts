import type { FieldValue, LinkType } from "../model/packet.js";

/** How a field's bits become a value: numbers, addresses and payloads as bytes, options as lists. */
export type FieldKind = "uint" | "mac" | "ipv4" | "ipv6" | "flags" | "bytes" | "list";

/** Why a field that a scenario leaves out is not just a default: its value follows from the rest of the packet. */
export type Automatic = "length" | "checksum" | "next" | "count" | "flags";

/** Values of one header by field name; absent = cut off, or not part of this variant of the header. */
export type Values = Readonly<Record<string, FieldValue>>;

/** What stands around a layer that is being built. */
export interface Neighbours {
  /** Protocol of the layer behind it; undefined for a payload or nothing at all. */
  readonly next: string | undefined;
}

/**
 * One field of a header. A protocol's fields stand in wire order without gaps; their offsets follow
 * from the widths. Viewing, building, editing, printing and matching all read this table.
 */
export interface FieldDef {
  readonly name: string;
  readonly kind: FieldKind;
  /** Width on the wire; 0 = variable (`bytes` and `list` only). */
  readonly sizeBits: number;
  /** Symbolic values, or for `flags` the bits by name; the first name of a value is the one printed. */
  readonly names?: Readonly<Record<string, number>>;
  readonly automatic?: Automatic;
  readonly doc: string;
  /** `hex` prints 0x1c46 instead of 7238. */
  readonly base?: "hex";
  /** Strings without 0x are text (payloads), not hex digits. */
  readonly text?: boolean;
  /** What an absent field is built as (0, or no bytes, without one), from what the scenario gives for this layer. */
  readonly default?: FieldValue | ((given: Values, around: Neighbours) => FieldValue);
  /** False where this variant of the header lacks the field; sees the fields before it. */
  readonly present?: (values: Values) => boolean;
  /** Bytes of a variable field as the fields before it say; without it: as far as the codec or the packet goes. */
  readonly sizeBytes?: (values: Values) => number;
  /** For `list`. */
  readonly codec?: ListCodec;
  /** What a length or count has to be. */
  readonly expected?: (context: LayerContext) => number;
  readonly checksum?: ChecksumRule;
}

/** What a checksum field sums (RFC 1071), and over which pseudo-header. */
export interface ChecksumRule {
  readonly covers: "header" | "header and content";
  /** Protocol number in the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1); undefined = there is none. */
  readonly pseudoProtocol?: number;
  /** A stored zero means "not computed", so a computed zero is sent as 0xffff (RFC 768). */
  readonly zeroMeansNone?: true;
}

/** A layer among the others: what lengths and checksums are computed from. */
export interface LayerContext {
  readonly bytes: Uint8Array;
  readonly layers: readonly ParsedLayer[];
  readonly layer: ParsedLayer;
  readonly index: number;
}

/** A variable part made of items: options, addresses, DNS records. */
export interface ListCodec {
  /** Never throws; bytes that make no sense end up in an item of their own or are left over. */
  decode(source: ListSource): { readonly items: readonly FieldValue[]; readonly endBytes: number };
  /** Bytes of items in canonical form, padded as the protocol wants. `before` is the header up to here. */
  encode(items: readonly FieldValue[], before: Uint8Array): Uint8Array;
  /** Canonical items from what a person wrote; throws HarnessError `packet`. */
  parse(items: readonly unknown[], path: string): readonly FieldValue[];
  format(items: readonly FieldValue[]): string;
  /** For documentation and schemas. */
  readonly shape: ListShape;
}

export interface ListSource {
  readonly bytes: Uint8Array;
  /** First byte of the header that the list is in (DNS pointers count from there). */
  readonly layerBytes: number;
  readonly startBytes: number;
  readonly endBytes: number;
  readonly values: Values;
}

export type ListShape =
  | { readonly kind: "options"; readonly options: readonly OptionDef[]; readonly codeName: string }
  | { readonly kind: "structs"; readonly fields: readonly FieldDef[] }
  | { readonly kind: "addresses"; readonly address: FieldDef };

/** One kind of option: written `name`, `{name: value}` (one field) or `{name: {field: value, …}}`. */
export interface OptionDef {
  readonly name: string;
  readonly code: number;
  readonly fields: readonly FieldDef[];
  /** The fields come several times: written as a list. */
  readonly repeated?: boolean;
  /** One byte, without length and data (`nop`). */
  readonly single?: boolean;
  readonly doc: string;
}

/** One protocol. Every file in layers/ exports one or more of these and nothing else that matters. */
export interface Protocol {
  /** As written in scenarios. */
  readonly name: string;
  /** What it is and where it is specified. */
  readonly doc: string;
  readonly fields: readonly FieldDef[];
  /** The field meant by `- vlan: 100`. */
  readonly shorthand?: string;
  /** Bytes of header and content together as the header says; undefined = all there is. */
  readonly extentBytes?: (values: Values) => number | undefined;
  /** Name of the protocol that the content belongs to; `payload` where it is unknown or opaque. */
  readonly next: (values: Values, content: Content) => string;
  /** The content is (the beginning of) a packet that was sent earlier, as in ICMP errors. */
  readonly quotes?: (values: Values) => boolean;
  /** The datagram goes on in other packets. */
  readonly isFragment?: (values: Values) => boolean;
  /** What stands behind the name in a one-line summary; empty for nothing. */
  readonly summarize: (values: Values) => string;
}

/** The bytes behind a header: `bytes[startBytes … endBytes)`. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly startBytes: number;
  readonly endBytes: number;
}

/** One field as found in a packet. */
export interface ParsedField {
  readonly def: FieldDef;
  readonly value: FieldValue;
  /** From the packet's first bit. */
  readonly offsetBits: number;
  readonly sizeBits: number;
}

/** One header as found in a packet (or just laid out by the builder). */
export interface ParsedLayer {
  readonly protocol: string;
  readonly definition: Protocol;
  readonly offsetBytes: number;
  readonly headerBytes: number;
  /** Where its content ends by its own length field. */
  readonly endBytes: number;
  /** Where its content could end at most: the end of the layer around it. */
  readonly limitBytes: number;
  readonly fields: readonly ParsedField[];
  readonly values: Values;
  /** The header, or the content that its length promises, is not all there. */
  readonly truncated: boolean;
  /** The header itself is not all there. */
  readonly headerTruncated: boolean;
  /** Part of a packet quoted in an ICMP error: usually cut off, never to be judged. */
  readonly quoted: boolean;
  /** In a fragment: what it covers goes on elsewhere, so its lengths and checksums cannot be held against what is here. */
  readonly inFragment: boolean;
}

export interface ParsedPacket {
  readonly linkType: LinkType;
  readonly bytes: Uint8Array;
  /** Outermost first; contiguous: every byte belongs to exactly one. */
  readonly layers: readonly ParsedLayer[];
}
