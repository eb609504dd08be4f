import { readUint } from "../bits.js";
import type { Content, FieldDef, Protocol, Values } from "../protocol.js";
import { questions, records } from "./dns-records.js";

const headerBytes = 12;

/** Whether the counts of a would-be DNS header fit into the bytes behind it: text on port 53 is no message. */
export function looksLikeDns({ bytes, startBytes, endBytes }: Content): boolean {
  if (endBytes - startBytes < headerBytes) return false;
  const [asked, ...counts] = [4, 6, 8, 10].map((at) => Number(readUint(bytes, (startBytes + at) * 8, 16)));
  const leastBytes = 5 * asked! + 11 * counts.reduce((sum, count) => sum + count, 0);
  return leastBytes <= endBytes - startBytes - headerBytes;
}

const bit = (name: string, doc: string): FieldDef => ({ name, kind: "uint", sizeBits: 1, doc });

const count = (name: string, counted: string): FieldDef => ({
  name,
  kind: "uint",
  sizeBits: 16,
  automatic: "count",
  expected: ({ layer }) => (layer.values[counted] as readonly unknown[] | undefined)?.length ?? 0,
  default: (given) => (given[counted] as readonly unknown[] | undefined)?.length ?? 0,
  doc: `number of ${counted}`,
});

function summarizeDns(values: Values): string {
  const [first] = values["questions"] as readonly Values[];
  const asked = first === undefined ? "" : ` ${questionCodec.format([first])}`;
  if (values["qr"] === 0) return `query${asked}`;
  const { length } = values["answers"] as readonly unknown[];
  return `response${asked}, ${length} answer${length === 1 ? "" : "s"}`;
}

const questionCodec = questions("question_count");

export const dns: Protocol = {
  name: "dns",
  doc: "Domain Name System message (RFC 1035), in UDP from or to port 53; names are compressed where they can be",
  fields: [
    { name: "id", kind: "uint", sizeBits: 16, base: "hex", doc: "which the answer repeats" },
    {
      ...bit("qr", "1 = response; set where answers are given"),
      automatic: "flags",
      default: (given) => (given["answers"] === undefined ? 0 : 1),
    },
    {
      name: "opcode",
      kind: "uint",
      sizeBits: 4,
      names: { query: 0, iquery: 1, status: 2, notify: 4, update: 5 },
      doc: "kind of query",
    },
    bit("aa", "authoritative answer"),
    bit("tc", "truncated"),
    { ...bit("rd", "recursion desired"), default: 1 },
    bit("ra", "recursion available"),
    bit("z", "0"),
    bit("ad", "authentic data (RFC 4035)"),
    bit("cd", "checking disabled (RFC 4035)"),
    {
      name: "rcode",
      kind: "uint",
      sizeBits: 4,
      names: { noerror: 0, formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 },
      doc: "result",
    },
    count("question_count", "questions"),
    count("answer_count", "answers"),
    count("authority_count", "authorities"),
    count("additional_count", "additionals"),
    { name: "questions", kind: "list", sizeBits: 0, codec: questionCodec, doc: "list of {name, type, class}" },
    {
      name: "answers",
      kind: "list",
      sizeBits: 0,
      codec: records("answer_count"),
      doc: "list of {name, type, ttl, data}",
    },
    {
      name: "authorities",
      kind: "list",
      sizeBits: 0,
      codec: records("authority_count"),
      doc: "records of name servers",
    },
    { name: "additionals", kind: "list", sizeBits: 0, codec: records("additional_count"), doc: "further records" },
  ],
  next: () => "payload",
  summarize: summarizeDns,
};
