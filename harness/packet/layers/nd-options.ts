import { addressList } from "../address-list.js";
import { optionList } from "../options.js";
import type { FieldDef } from "../protocol.js";

const address: FieldDef = { name: "address", kind: "mac", sizeBits: 48, doc: "Ethernet address" };
const lifetime: FieldDef = { name: "lifetime", kind: "uint", sizeBits: 32, default: 86_400, doc: "seconds" };

/** Neighbour discovery options (RFC 4861 §4.6, RFC 8106): lengths in units of 8 bytes. */
export const ndOptions = optionList({
  codeName: "type",
  lengthCounts: "option",
  unitBytes: 8,
  fillers: [],
  pad: () => new Uint8Array(),
  options: [
    { name: "source-address", code: 1, fields: [address], doc: "sender's link-layer address" },
    { name: "target-address", code: 2, fields: [address], doc: "target's link-layer address" },
    {
      name: "prefix",
      code: 3,
      fields: [
        { name: "length", kind: "uint", sizeBits: 8, default: 64, doc: "bits of the prefix" },
        {
          name: "flags",
          kind: "flags",
          sizeBits: 8,
          names: { L: 0x80, A: 0x40, R: 0x20 },
          default: 0xc0,
          doc: "on-link, autonomous",
        },
        { name: "valid", kind: "uint", sizeBits: 32, default: 2_592_000, doc: "lifetime in seconds" },
        { name: "preferred", kind: "uint", sizeBits: 32, default: 604_800, doc: "lifetime in seconds" },
        { name: "reserved", kind: "uint", sizeBits: 32, doc: "0" },
        { name: "prefix", kind: "ipv6", sizeBits: 128, doc: "network address" },
      ],
      doc: "prefix information",
    },
    {
      name: "mtu",
      code: 5,
      fields: [
        { name: "reserved", kind: "uint", sizeBits: 16, doc: "0" },
        { name: "mtu", kind: "uint", sizeBits: 32, default: 1500, doc: "bytes" },
      ],
      doc: "of the link",
    },
    {
      name: "dns-servers",
      code: 25,
      fields: [
        { name: "reserved", kind: "uint", sizeBits: 16, doc: "0" },
        lifetime,
        { name: "addresses", kind: "list", sizeBits: 0, codec: addressList("ipv6"), doc: "recursive servers" },
      ],
      doc: "RFC 8106",
    },
    {
      name: "nonce",
      code: 14,
      fields: [{ name: "nonce", kind: "bytes", sizeBits: 48, doc: "random bytes" }],
      doc: "RFC 3971, used by enhanced duplicate address detection (RFC 7527)",
    },
  ],
});
