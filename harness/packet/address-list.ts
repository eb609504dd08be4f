import { harnessError } from "../model/error.js";
import type { FieldValue } from "../model/packet.js";
import { joinBytes } from "./join-bytes.js";
import type { FieldDef, ListCodec } from "./protocol.js";
import { type Plain, formatFieldValue, parseFieldValue } from "./field-value.js";

/** Addresses one after the other (routes, segments). Bytes short of an address at the end are an item of their own. */
export function addressList(family: "ipv4" | "ipv6"): ListCodec {
  const sizeBytes = family === "ipv4" ? 4 : 16;
  const address: FieldDef = { name: "address", kind: family, sizeBits: sizeBytes * 8, doc: `${family} address` };
  return {
    decode: ({ bytes, startBytes, endBytes }) => {
      const items: FieldValue[] = [];
      for (let at = startBytes; at < endBytes; at += sizeBytes) {
        items.push(bytes.slice(at, Math.min(endBytes, at + sizeBytes)));
      }
      return { items, endBytes };
    },
    encode: (items) => joinBytes(items as readonly Uint8Array[]),
    parse: (items, path) =>
      items.map((item) => {
        if (item instanceof Uint8Array && item.length < sizeBytes) return item;
        if (Array.isArray(item)) throw harnessError("packet", `${path} takes addresses, not lists of lists`);
        return parseFieldValue({ ...address, name: path }, item as Plain);
      }),
    format: (items) => (items.length === 0 ? "none" : items.map((item) => formatFieldValue(address, item)).join(", ")),
    shape: { kind: "addresses", address },
  };
}
