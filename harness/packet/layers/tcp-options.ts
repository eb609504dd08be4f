import { optionList, zeroPad } from "../options.js";
import type { FieldDef } from "../protocol.js";

const uint32 = (name: string, doc: string): FieldDef => ({ name, kind: "uint", sizeBits: 32, doc });

/** RFC 9293 §3.2, RFC 7323, RFC 2018, RFC 2385, RFC 5482, RFC 7413; others are shown by number. */
export const tcpOptions = optionList({
  codeName: "kind",
  lengthCounts: "option",
  unitBytes: 1,
  end: "eol",
  fillers: ["eol"],
  pad: zeroPad,
  options: [
    { name: "eol", code: 0, fields: [], single: true, doc: "end of option list" },
    { name: "nop", code: 1, fields: [], single: true, doc: "no operation" },
    {
      name: "mss",
      code: 2,
      fields: [{ name: "mss", kind: "uint", sizeBits: 16, doc: "bytes" }],
      doc: "maximum segment size",
    },
    {
      name: "wscale",
      code: 3,
      fields: [{ name: "shift", kind: "uint", sizeBits: 8, doc: "bits that the window is shifted by" }],
      doc: "window scale (RFC 7323 §2)",
    },
    { name: "sack-permitted", code: 4, fields: [], doc: "selective acknowledgement may be used (RFC 2018)" },
    {
      name: "sack",
      code: 5,
      fields: [uint32("left", "first sequence number of a block"), uint32("right", "the one behind its last")],
      repeated: true,
      doc: "blocks received out of order",
    },
    {
      name: "timestamps",
      code: 8,
      fields: [uint32("value", "sender's clock"), uint32("echo", "the peer's, last seen")],
      doc: "RFC 7323 §3",
    },
    {
      name: "md5",
      code: 19,
      fields: [{ name: "digest", kind: "bytes", sizeBits: 128, doc: "over the segment and a secret" }],
      doc: "signature (RFC 2385)",
    },
    {
      name: "user-timeout",
      code: 28,
      fields: [{ name: "timeout", kind: "uint", sizeBits: 16, doc: "granularity bit and 15 bits of time" }],
      doc: "RFC 5482",
    },
    {
      name: "fast-open",
      code: 34,
      fields: [{ name: "cookie", kind: "bytes", sizeBits: 0, doc: "empty in a request" }],
      doc: "RFC 7413",
    },
  ],
});
