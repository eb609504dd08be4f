import { toHex } from "../model/hex.js";
import type { DataType } from "../model/object.js";
import { formatAddress, lpmAddressBytes } from "./address.js";
import { type LeafValue, leafValue, partOf, requireBytes } from "./decode.js";
import { fieldsOf, isByteArray } from "./fields.js";

/** Words in a member's name that say it holds an address, as C programs for networks use them. */
const addressWord =
  /^(ip|ipv4|ip4|ipv6|ip6|v4|v6|addr|address|saddr|daddr|src|dst|vip|gw|gateway|nexthop|peer|host)\d*$/;
const notAddressWord = /^(port|len|prefixlen|index|ifindex|id|count|proto|mask|bits|mac|sport|dport)\d*$/;

/** Types that are an address by their own name. */
const addressTypes = new Set(["in_addr", "in6_addr", "in_addr_t"]);

/** Elements beyond these are counted, not printed. */
const maxElements = 64;

/**
 * A value on one line as a person would write it: `{client: 10.0.0.10, port: 80, mac: 02:00:00:00:00:02}`.
 * Four bytes are an IPv4 address only where the member's or the type's name says so, or where a `__be32`
 * is the whole value; six bytes are a MAC address; sixteen an IPv6 address by name.
 *
 * @param type undefined for objects without BTF: then hex digits.
 */
export function formatData(type: DataType | undefined, bytes: Uint8Array): string {
  if (!type) return toHex(bytes);
  requireBytes(type, bytes);
  return formatAt(type, bytes, 0, "");
}

function formatAt(type: DataType, bytes: Uint8Array, offsetBits: number, name: string, bitfieldBits?: number): string {
  if (bitfieldBits === undefined && isAddress(type, name)) {
    const address = formatAddress(partOf(type, bytes, offsetBits));
    if (address !== undefined) return address;
  }
  switch (type.kind) {
    case "struct":
    case "union": {
      const prefix = formatPrefix(type, bytes, offsetBits);
      if (prefix !== undefined) return prefix;
      const members = fieldsOf(type).map(
        (field) =>
          `${field.name}: ${formatAt(field.type, bytes, offsetBits + field.offsetBits, field.name, field.bitfieldBits)}`,
      );
      return `{${members.join(", ")}}`;
    }
    case "array":
      return formatArray(type, bytes, offsetBits, name);
    case "pointer":
      return `0x${BigInt(leafValue(type, bytes, offsetBits) as number).toString(16)}`;
    default:
      return formatLeaf(type, leafValue(type, bytes, offsetBits, bitfieldBits));
  }
}

/** The key of an LPM trie as it can be written: `10.0.0.0/8`. */
function formatPrefix(type: DataType, bytes: Uint8Array, offsetBits: number): string | undefined {
  const [first] = type.kind === "struct" ? fieldsOf(type) : [];
  const addressBytes = lpmAddressBytes(type);
  if (addressBytes === undefined || !first || !/^prefix/i.test(first.name)) return undefined;
  const lengthBits = leafValue(first.type, bytes, offsetBits + first.offsetBits);
  if (typeof lengthBits !== "number" || lengthBits > addressBytes * 8) return undefined;
  return `${formatAddress(partOf(type, bytes, offsetBits).subarray(4))}/${lengthBits}`;
}

function formatArray(type: DataType & { kind: "array" }, bytes: Uint8Array, offsetBits: number, name: string): string {
  const value = leafValue(type, bytes, offsetBits);
  if (typeof value === "string" || isByteArray(type)) return formatLeaf(type, value);
  const elementBits = type.element.sizeBytes * 8;
  const shown = Array.from({ length: Math.min(type.length, maxElements) }, (_, i) =>
    formatAt(type.element, bytes, offsetBits + i * elementBits, name),
  );
  if (type.length > maxElements) shown.push(`${type.length - maxElements} more`);
  return `[${shown.join(", ")}]`;
}

/** A value without members, given as `leafValue` has it. */
export function formatLeaf(type: DataType, value: LeafValue): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (type.kind === "enum") {
    const name = type.values.find((candidate) => candidate.value === BigInt(value as number))?.name;
    if (name !== undefined) return name;
  }
  return String(value);
}

function isAddress(type: DataType, name: string): boolean {
  switch (type.kind) {
    case "struct":
    case "union":
      return addressTypes.has(type.name);
    case "int": {
      if (type.sizeBytes !== 4 || type.signed || type.encoding !== "integer") return false;
      // A whole key in network order is an address; as a member it could as well be a sequence number.
      if (name === "" && type.bigEndian) return true;
      return addressTypes.has(type.name) || saysAddress(name) || saysAddress(type.name);
    }
    case "array":
      if (!isByteArray(type)) return isWordsOfIpv6(type) && saysAddress(name);
      return type.length === 6 || saysAddress(name);
    default:
      return false;
  }
}

/** `__be32 saddr[4]`, as `struct bpf_sock` and many programs write an IPv6 address. */
function isWordsOfIpv6(type: DataType & { kind: "array" }): boolean {
  return type.length === 4 && type.element.kind === "int" && type.element.sizeBytes === 4;
}

function saysAddress(name: string): boolean {
  const words = name.toLowerCase().split("_");
  return words.some((word) => addressWord.test(word)) && !words.some((word) => notAddressWord.test(word));
}
