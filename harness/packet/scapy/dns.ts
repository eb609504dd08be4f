import { joinBytes } from "../join-bytes.js";
import { parseIpv4, parseIpv6 } from "../address.js";
import type { Values } from "../protocol.js";
import { scapyError } from "./fault.js";
import { argumentsOf, bytesOf, callsOf, numberOf, wide } from "./arguments.js";
import type { Argument, Call, Value } from "./syntax.js";

/**
 * DNS messages as Scapy builds them: names are never compressed, so the message is made here byte by
 * byte. Questions and records of the common types; on the way out only questions (answers usually
 * have compressed names, which Scapy cannot say).
 */
const flags: readonly (readonly [name: string, bits: number, defaultValue: number])[] = [
  ["qr", 1, 0],
  ["opcode", 4, 0],
  ["aa", 1, 0],
  ["tc", 1, 0],
  ["rd", 1, 1],
  ["ra", 1, 0],
  ["z", 1, 0],
  ["ad", 1, 0],
  ["cd", 1, 0],
  ["rcode", 4, 0],
];

const sections = [
  ["qd", "qdcount"],
  ["an", "ancount"],
  ["ns", "nscount"],
  ["ar", "arcount"],
] as const;

const types: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, PTR: 12, TXT: 16, AAAA: 28, ANY: 255 };

export function readDns(call: Call): Uint8Array {
  const names = ["id", ...flags.map(([name]) => name), ...sections.map(([, count]) => count)];
  const given = argumentsOf(call, [...names, ...sections.map(([section]) => section)]);
  const number = (name: string, bits: number, defaultValue: number): number => {
    const value = given.get(name)?.value;
    return value === undefined || value.kind === "none" ? defaultValue : numberOf(value, bits);
  };
  const second = flags.reduce((word, [name, bits, fallback]) => (word << bits) | number(name, bits, fallback), 0);
  const parts = sections.map(([section]) => sectionOf(section, given.get(section)?.value));
  const counts = sections.map(([, count], i) => number(count, 16, parts[i]!.length));
  return joinBytes([
    wide(number("id", 16, 0), 2),
    wide(second, 2),
    ...counts.map((count) => wide(count, 2)),
    ...parts.flat(),
  ]);
}

/** Without `qd`, Scapy asks for www.example.com. */
function sectionOf(section: string, value: Value | undefined): readonly Uint8Array[] {
  if (section === "qd" && value === undefined) return [question({ name: "DNSQR", at: 0, arguments: [] })];
  if (value === undefined) return [];
  return callsOf(value).map((call) => (section === "qd" ? question(call) : record(call)));
}

function question(call: Call): Uint8Array {
  if (call.name !== "DNSQR") throw scapyError(call.at, `expected DNSQR, found ${call.name}`);
  const given = argumentsOf(call, ["qname", "qtype", "qclass"]);
  return joinBytes([
    given.has("qname") ? nameOf(given.get("qname")!.value) : encodeName("www.example.com."),
    wide(typeOf(given.get("qtype")), 2),
    wide(given.has("qclass") ? numberOf(given.get("qclass")!.value, 16) : 1, 2),
  ]);
}

function record(call: Call): Uint8Array {
  if (call.name !== "DNSRR") throw scapyError(call.at, `expected DNSRR, found ${call.name}`);
  const given = argumentsOf(call, ["rrname", "type", "rclass", "ttl", "rdlen", "rdata"]);
  const number = (name: string, bits: number, defaultValue: number): number =>
    given.has(name) ? numberOf(given.get(name)!.value, bits) : defaultValue;
  const type = typeOf(given.get("type"));
  const data = given.has("rdata") ? dataOf(type, given.get("rdata")!.value) : new Uint8Array();
  return joinBytes([
    given.has("rrname") ? nameOf(given.get("rrname")!.value) : encodeName("."),
    wide(type, 2),
    wide(number("rclass", 16, 1), 2),
    wide(number("ttl", 32, 0), 4),
    wide(number("rdlen", 16, data.length), 2),
    data,
  ]);
}

function typeOf(argument: Argument | undefined): number {
  if (!argument) return 1;
  const { value } = argument;
  if (value.kind !== "bytes") return numberOf(value, 16);
  const type = types[textOf(value.value)];
  if (type !== undefined) return type;
  throw scapyError(value.at, `no DNS type is called "${textOf(value.value)}" here`, "write it as a number");
}

function dataOf(type: number, value: Value): Uint8Array {
  if (value.kind === "list") return joinBytes(value.items.map((item) => characterString(item)));
  if (type === types["TXT"]) return characterString(value);
  if (type === types["A"] && value.kind === "bytes" && value.isText) return parseIpv4(textOf(value.value));
  if (type === types["AAAA"] && value.kind === "bytes" && value.isText) return parseIpv6(textOf(value.value));
  if ([types["NS"], types["CNAME"], types["PTR"]].includes(type)) return nameOf(value);
  return bytesOf(value);
}

function characterString(value: Value): Uint8Array {
  const bytes = bytesOf(value);
  if (bytes.length > 255) throw scapyError(value.at, `${bytes.length} bytes are too long for one string of a record`);
  return joinBytes([Uint8Array.of(bytes.length), bytes]);
}

function nameOf(value: Value): Uint8Array {
  const name = textOf(bytesOf(value));
  if (name.split(".").some((label) => label.length > 63)) {
    throw scapyError(value.at, "a label of a domain name has at most 63 characters");
  }
  return encodeName(name);
}

function encodeName(name: string): Uint8Array {
  const labels = name.split(".").filter((label) => label !== "");
  const encoded = labels.map((label) => new TextEncoder().encode(label));
  return joinBytes([...encoded.map((label) => joinBytes([Uint8Array.of(label.length), label])), Uint8Array.of(0)]);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A message without records, whose names need no escapes; undefined = not to be said in Scapy. */
export function writeDns(values: Values): string | undefined {
  const lists = ["answers", "authorities", "additionals"].map((name) => values[name] as readonly unknown[] | undefined);
  if (lists.some((list) => list === undefined || list.length > 0)) return undefined;
  const asked = (values["questions"] as readonly Values[]).map(writeQuestion);
  if (asked.includes(undefined)) return undefined;
  const given = [`id=${values["id"] as number}`];
  for (const [name, , fallback] of flags)
    if (values[name] !== fallback) given.push(`${name}=${values[name] as number}`);
  return `DNS(${given.join(", ")}, qd=${asked.length === 0 ? "None" : asked.join("/")})`;
}

function writeQuestion(asked: Values): string | undefined {
  const { name, type, class: qclass } = asked;
  if (typeof name !== "string" || !/^[\w.-]*$/.test(name)) return undefined;
  const qname = name.endsWith(".") ? name : `${name}.`;
  return `DNSQR(qname="${qname}", qtype=${type as number}${qclass === 1 ? "" : `, qclass=${qclass as number}`})`;
}
