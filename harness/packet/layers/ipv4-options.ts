import { addressList } from "../address-list.js";
import { optionList, zeroPad } from "../options.js";
import type { FieldDef } from "../protocol.js";

const pointer: FieldDef = { name: "pointer", kind: "uint", sizeBits: 8, default: 4, doc: "next slot, from 4" };
const route: FieldDef = { name: "route", kind: "list", sizeBits: 0, codec: addressList("ipv4"), doc: "addresses" };

/** RFC 791 §3.1, RFC 2113; others are shown by number. */
export const ipv4Options = optionList({
  codeName: "type",
  lengthCounts: "option",
  unitBytes: 1,
  end: "eol",
  fillers: ["eol"],
  pad: zeroPad,
  options: [
    { name: "eol", code: 0, fields: [], single: true, doc: "end of option list" },
    { name: "nop", code: 1, fields: [], single: true, doc: "no operation" },
    { name: "record-route", code: 7, fields: [pointer, route], doc: "every router enters its address" },
    { name: "loose-source-route", code: 131, fields: [pointer, route], doc: "via these, and others" },
    { name: "strict-source-route", code: 137, fields: [pointer, route], doc: "via these and no others" },
    {
      name: "timestamp",
      code: 68,
      fields: [
        { name: "pointer", kind: "uint", sizeBits: 8, default: 5, doc: "next slot, from 5" },
        { name: "overflow", kind: "uint", sizeBits: 4, doc: "routers that found no room" },
        { name: "flag", kind: "uint", sizeBits: 4, doc: "0 times only, 1 with addresses, 3 addresses given" },
        { name: "data", kind: "bytes", sizeBits: 0, doc: "slots" },
      ],
      doc: "Internet timestamp, milliseconds since midnight UT",
    },
    {
      name: "router-alert",
      code: 148,
      fields: [{ name: "value", kind: "uint", sizeBits: 16, doc: "0 = every router shall look (RFC 2113)" }],
      doc: "routers shall look at this packet",
    },
    {
      name: "stream-id",
      code: 136,
      fields: [{ name: "id", kind: "uint", sizeBits: 16, doc: "SATNET stream" }],
      doc: "stream identifier, obsolete (RFC 6814)",
    },
  ],
});
