import type { DataType } from "../model/object.js";
import { HarnessError } from "../model/error.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "../packet/address.js";
import { fieldsOf } from "./fields.js";

/** Addresses are recognised by the size of what they go into, and always lie there in network order. */
const families = [
  { sizeBytes: 4, parse: parseIpv4, format: formatIpv4 },
  { sizeBytes: 6, parse: parseMac, format: formatMac },
  { sizeBytes: 16, parse: parseIpv6, format: formatIpv6 },
] as const;

/** The bytes of an IPv4, IPv6 or MAC literal that fills exactly so many bytes; undefined for any other text. */
export function parseAddress(text: string, sizeBytes: number): Uint8Array | undefined {
  const family = families.find((candidate) => candidate.sizeBytes === sizeBytes);
  try {
    return family?.parse(text);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

/** `10.0.0.1`, `02:00:00:00:00:01`, `fd00::1`; undefined for bytes of any other length. */
export function formatAddress(bytes: Uint8Array): string | undefined {
  return families.find((candidate) => candidate.sizeBytes === bytes.length)?.format(bytes);
}

/** How many bytes an address literal would need; undefined for text that is none. */
export function addressSizeBytes(text: string): number | undefined {
  return families.find(({ sizeBytes }) => parseAddress(text, sizeBytes) !== undefined)?.sizeBytes;
}

export interface AddressPrefix {
  readonly address: Uint8Array;
  readonly lengthBits: number;
}

/** `10.0.0.0/8` or `fd00::/64` for an address of so many bytes. */
export function parsePrefix(text: string, sizeBytes: number): AddressPrefix | undefined {
  const [, addressText, lengthText] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  if (addressText === undefined) return undefined;
  const address = parseAddress(addressText, sizeBytes);
  const lengthBits = Number(lengthText);
  return address && lengthBits <= sizeBytes * 8 ? { address, lengthBits } : undefined;
}

/**
 * The size of the address in the key of an LPM trie (`struct bpf_lpm_trie_key` and what people write for
 * it): a 32-bit prefix length and an address. Undefined for types of any other shape.
 */
export function lpmAddressBytes(type: DataType): number | undefined {
  const addressBytes = type.sizeBytes - 4;
  if (addressBytes !== 4 && addressBytes !== 16) return undefined;
  if (type.kind === "opaque") return addressBytes;
  return type.kind === "struct" && beginsWithU32(type) ? addressBytes : undefined;
}

function beginsWithU32(type: DataType): boolean {
  if (type.kind === "struct") {
    const first = fieldsOf(type)[0];
    return first !== undefined && first.bitfieldBits === undefined && beginsWithU32(first.type);
  }
  return type.kind === "int" && type.sizeBytes === 4;
}
