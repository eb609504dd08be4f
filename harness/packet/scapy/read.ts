import { HarnessError } from "../../model/error.js";
import { nearest } from "../../model/nearest.js";
import type { FieldValue, Packet } from "../../model/packet.js";
import type { LayerSpec, Located } from "../../model/scenario.js";
import type { Span } from "../../model/span.js";
import { parseIpv4, parseIpv6, parseMac } from "../address.js";
import { buildPacket } from "../build.js";
import { joinBytes } from "../capture/join-bytes.js";
import { decodeFields } from "../header.js";
import type { FieldDef, Protocol } from "../protocol.js";
import { findField, findProtocol } from "../protocols.js";
import { bindingOf, classHint, findScapyClass } from "./classes.js";
import { readDns } from "./dns.js";
import { scapyError, unknownField } from "./fault.js";
import type { ScapyClass, ScapyField } from "./field.js";
import { argumentsOf, bytesOf, numberOf } from "./option-bytes.js";
import { type Argument, type Call, parseScapy, type Value } from "./syntax.js";

/**
 * The packet that a Scapy expression stands for, byte for byte as Scapy builds it. Where Scapy asks the
 * machine (source addresses, the gateway's MAC), the defaults of scenarios are taken instead.
 * Throws HarnessError `packet` with the column.
 */
export function readScapy(text: string): Packet {
  const calls = parseScapy(text).map(withoutError);
  // Scapy appends padding when all lengths and checksums are done, wherever it stands.
  const padding = calls.filter(({ name }) => name === "Padding").map((call) => loadOf(call));
  const layers = calls.filter(({ name }) => name !== "Padding");
  const specs = layers.flatMap((call, i) => toSpecs(call, layers, i));
  const packet = build(specs.length > 0 ? specs : [payloadSpec(new Uint8Array(), 0)]);
  return padding.length === 0 ? packet : { ...packet, bytes: joinBytes([packet.bytes, ...padding]) };
}

/** Packets quoted in ICMP errors have classes of their own, which are built like any others. */
function withoutError(call: Call): Call {
  const quoted: Readonly<Record<string, string>> = { IPerror6: "IPv6" };
  const name = quoted[call.name] ?? call.name.replace(/^(IP|TCP|UDP|ICMP)error$/, "$1");
  return name === call.name ? call : { ...call, name };
}

function build(specs: readonly LayerSpec[]): Packet {
  try {
    return buildPacket(specs);
  } catch (error) {
    const first = error instanceof HarnessError ? error.diagnostics[0] : undefined;
    if (!first?.span) throw error;
    throw scapyError(first.span.start.offset, first.message, first.hint);
  }
}

function toSpecs(call: Call, calls: readonly Call[], index: number): readonly LayerSpec[] {
  switch (call.name) {
    case "Raw":
      return [payloadSpec(loadOf(call), call.at)];
    case "DNS":
      return [payloadSpec(readDns(call), call.at)];
    case "ICMPv6Unknown":
      return unknownIcmpv6(call);
    case "ICMPv6NDOptSrcLLAddr":
    case "ICMPv6NDOptDstLLAddr":
    case "ICMPv6NDOptUnknown":
      return [payloadSpec(neighbourOption(call), call.at)];
  }
  const known = findScapyClass(call.name);
  if (!known) throw scapyError(call.at, `no class '${call.name}' is known here`, classHint(call.name));
  return classSpecs(known, call, calls, index);
}

/** A layer of the table; echo data that is given as a field becomes a payload. */
function classSpecs(known: ScapyClass, call: Call, calls: readonly Call[], index: number): readonly LayerSpec[] {
  const hasData = known.name.startsWith("ICMPv6Echo");
  const names = [...known.fields.map(({ name }) => name), ...(hasData ? ["data"] : [])];
  const given = argumentsByName(call, names);
  const protocol = findProtocol(known.protocol)!;
  const collected = collect(known, protocol, given, call);
  for (const [field, value] of impliedValues(known, given, calls, index)) collected.set(field, value);
  const { length } = (collected.get("addresses") ?? []) as readonly unknown[];
  if (known.name === "IPv6ExtHdrRouting" && !given.has("segleft")) collected.set("segments_left", length);
  const spec = specOf(protocol, collected, call.at);
  const data = given.get("data");
  return data ? [spec, payloadSpec(bytesOf(data.value), data.at)] : [spec];
}

function argumentsByName(call: Call, names: readonly string[]): ReadonlyMap<string, Argument> {
  const positional = call.arguments.find(({ name }) => name === undefined);
  if (positional) throw scapyError(positional.at, `a value of ${call.name} needs its field's name in front`);
  const given = new Map<string, Argument>();
  for (const argument of call.arguments) {
    const name = argument.name!;
    if (!names.includes(name)) throw unknownField(call.name, name, argument.at, names);
    if (given.has(name)) throw scapyError(argument.at, `'${name}' is given twice`);
    if (argument.value.kind !== "none") given.set(name, argument);
  }
  return given;
}

/** Our fields' values from what is given and Scapy's defaults; fields that this variant lacks are an error only where given. */
function collect(
  known: ScapyClass,
  protocol: Protocol,
  given: ReadonlyMap<string, Argument>,
  call: Call,
): Map<string, FieldValue> {
  const collected = new Map<string, FieldValue>();
  const used = new Set<string>();
  for (const def of protocol.fields) {
    if (def.present && !def.present(Object.fromEntries(collected))) continue;
    for (const field of known.fields) {
      if (!field.parts.some((part) => part.field === def.name)) continue;
      const argument = given.get(field.name);
      if (argument) used.add(field.name);
      const value = argument ? readValue(field, def, argument.value, call) : defaultValue(field, def);
      if (value !== undefined) setPart(collected, field, def.name, value);
    }
  }
  for (const [name, argument] of given) {
    const isOurs = known.fields.some((field) => field.name === name && field.parts.length > 0);
    // Scapy's own `command()` prints fields that are not there as b''.
    const isNothing = argument.value.kind === "bytes" && argument.value.value.length === 0;
    if (isOurs && !isNothing && !used.has(name)) throw missingHere(known, call, argument, collected);
  }
  return collected;
}

function missingHere(known: ScapyClass, call: Call, argument: Argument, collected: Map<string, FieldValue>): Error {
  const [variant] = ["type", "flags"].filter((name) => collected.has(name));
  const which = variant ? ` whose ${variant} is ${String(collected.get(variant))}` : "";
  return scapyError(argument.at, `${call.name}${which} has no field '${argument.name!}'`, variantHint(known));
}

function variantHint(known: ScapyClass): string | undefined {
  return known.name === "GRE" ? "set chksum_present, key_present or seqnum_present" : undefined;
}

/** What other layers decide in Scapy: the number of the next protocol, and a few defaults that depend on it. */
function impliedValues(
  known: ScapyClass,
  given: ReadonlyMap<string, Argument>,
  calls: readonly Call[],
  index: number,
): readonly (readonly [string, FieldValue])[] {
  const upper = calls[index + 1]?.name;
  const implied: [string, FieldValue][] = [];
  const say = (name: string, value: FieldValue | undefined): void => {
    const field = known.fields.find((candidate) => candidate.name === name)!;
    if (value !== undefined && !given.has(name)) implied.push([field.parts[0]!.field, value]);
  };
  if (known.next) say(known.next, bindingOf(known.name, upper));
  if (known.name === "UDP") {
    const ports = upper === "VXLAN" ? [4789, 4789] : upper === "GENEVE" ? [undefined, 6081] : [];
    say("sport", ports[0]);
    say("dport", ports[1]);
  }
  if (known.name === "IPv6" && /^ICMPv6ND_(RS|RA|NS|NA)$/.test(upper ?? "")) {
    say("hlim", 255);
    say("dst", parseIpv6(upper === "ICMPv6ND_RS" ? "ff02::2" : "ff02::1"));
  }
  // Scapy takes a frame, or a bare packet, in VXLAN for the generic protocol extension.
  const protocols: Readonly<Record<string, number>> = { IP: 1, IPv6: 2, Ether: 3 };
  if (known.name === "VXLAN" && !given.has("flags")) {
    const next = protocols[upper ?? ""];
    implied.push(["flags", next === undefined ? 8 : 0x0c]);
    if (next !== undefined && !given.has("reserved1") && !given.has("NextProtocol")) implied.push(["reserved", next]);
  }
  return implied;
}

function defaultValue(field: ScapyField, def: FieldDef): FieldValue | undefined {
  if (typeof field.default === "string") return parseAddress(def, field.default);
  return field.default;
}

/** Puts a Scapy field's share into one of our fields. */
function setPart(collected: Map<string, FieldValue>, field: ScapyField, name: string, value: FieldValue): void {
  const index = field.parts.findIndex((part) => part.field === name);
  const part = field.parts[index]!;
  if (part.bits === undefined || typeof value !== "number") {
    collected.set(name, value);
    return;
  }
  const below = field.parts.slice(index + 1).reduce((bits, other) => bits + (other.bits ?? 0), 0);
  const share = Math.floor(value / 2 ** below) % 2 ** part.bits;
  const before = collected.get(name);
  collected.set(name, (typeof before === "number" ? before : 0) + share * 2 ** part.shift);
}

function readValue(field: ScapyField, def: FieldDef, value: Value, call: Call): FieldValue {
  if (field.special) return field.special.read(value, call);
  if (def.kind === "list") return addressesOf(value);
  if (value.kind === "list") {
    throw scapyError(value.at, `a list for '${field.name}' would be several packets; expected one value`);
  }
  const bits = field.parts.reduce((sum, part) => sum + (part.bits ?? 0), 0);
  if (bits > 0) return value.kind === "bytes" ? wordValue(field, def, value) : numberOf(value, bits);
  if (value.kind !== "bytes") throw scapyError(value.at, `expected an address as text for '${field.name}'`);
  return addressAt(def, value);
}

function wordValue(field: ScapyField, def: FieldDef, value: Value & { readonly kind: "bytes" }): number {
  const text = new TextDecoder().decode(value.value);
  if (def.kind === "flags" && field.name === "flags") return flagsOf(def, text, value.at);
  const word = field.words?.[text];
  if (word !== undefined) return word;
  const close = nearest(text, Object.keys(field.words ?? {}));
  throw scapyError(
    value.at,
    `"${text}" is no value of '${field.name}'`,
    close ? `did you mean "${close}"?` : undefined,
  );
}

/** Letters for TCP ("SA"), names joined by + for IP ("DF", "MF+DF"). */
function flagsOf(def: FieldDef, text: string, at: number): number {
  const isLetters = def.sizeBits === 9;
  const words = isLetters ? [...text] : text.split("+").filter((word) => word !== "");
  let flags = 0;
  for (const word of words) {
    const bit = def.names?.[word];
    if (bit === undefined) {
      const hint = isLetters ? "the letters are F, S, R, P, A, U, E, C, N" : "they are DF, MF and evil, joined by +";
      throw scapyError(at, `"${word}" is no flag`, hint);
    }
    flags |= bit;
  }
  return flags;
}

function addressesOf(value: Value): FieldValue {
  if (value.kind !== "list") throw scapyError(value.at, "expected a list of addresses");
  return value.items.map((item) => {
    if (item.kind !== "bytes") throw scapyError(item.at, "expected an address as text");
    return addressAt({ name: "address", kind: "ipv6", sizeBits: 128, doc: "" }, item);
  });
}

function addressAt(def: FieldDef, value: Value & { readonly kind: "bytes" }): Uint8Array {
  if (!value.isText && value.value.length * 8 === def.sizeBits) return value.value;
  try {
    return parseAddress(def, new TextDecoder().decode(value.value));
  } catch (error) {
    const first = error instanceof HarnessError ? error.diagnostics[0] : undefined;
    if (!first) throw error;
    throw scapyError(value.at, first.message, first.hint);
  }
}

function parseAddress(def: FieldDef, text: string): Uint8Array {
  if (def.kind === "mac") return parseMac(text);
  return def.kind === "ipv6" ? parseIpv6(text) : parseIpv4(text);
}

/** Any ICMPv6 message by its bytes behind the checksum. */
function unknownIcmpv6(call: Call): readonly LayerSpec[] {
  const given = argumentsOf(call, ["type", "code", "cksum", "msgbody"]);
  const number = (name: string, bits: number, defaultNumber: number): number =>
    given.has(name) ? numberOf(given.get(name)!.value, bits) : defaultNumber;
  const body = given.has("msgbody") ? bytesOf(given.get("msgbody")!.value) : new Uint8Array();
  const bytes = joinBytes([Uint8Array.of(number("type", 8, 1), number("code", 8, 0), 0, 0), body]);
  const protocol = findProtocol("icmpv6")!;
  const header = decodeFields(protocol.fields, bytes, 0, bytes.length);
  if (header.truncated) {
    const { at } = given.get("msgbody") ?? call;
    throw scapyError(at, `${body.length} bytes are too few for an ICMPv6 message of type ${bytes[0]!}`);
  }
  const values = new Map(Object.entries(header.values));
  if (given.has("cksum")) values.set("checksum", number("cksum", 16, 0));
  else values.delete("checksum");
  const rest = bytes.subarray(header.endBytes);
  const spec = specOf(protocol, values, call.at);
  return rest.length === 0 ? [spec] : [spec, payloadSpec(rest, call.at)];
}

function neighbourOption(call: Call): Uint8Array {
  if (call.name === "ICMPv6NDOptUnknown") {
    const given = argumentsOf(call, ["type", "len", "data"]);
    const data = given.has("data") ? bytesOf(given.get("data")!.value) : new Uint8Array();
    const type = given.has("type") ? numberOf(given.get("type")!.value, 8) : 0;
    // Counted in bytes where it is not given, though the RFC's unit is 8 of them: as Scapy does.
    const length = given.has("len") ? numberOf(given.get("len")!.value, 8) : data.length + 2;
    return joinBytes([Uint8Array.of(type, length), data]);
  }
  const isSource = call.name === "ICMPv6NDOptSrcLLAddr";
  const given = argumentsOf(call, ["type", "len", "lladdr"]);
  const number = (name: string, defaultNumber: number): number =>
    given.has(name) ? numberOf(given.get(name)!.value, 8) : defaultNumber;
  const address = given.get("lladdr")?.value;
  const mac = address ? addressOf(address) : new Uint8Array(6);
  return joinBytes([Uint8Array.of(number("type", isSource ? 1 : 2), number("len", 1)), mac]);
}

function addressOf(value: Value): Uint8Array {
  if (value.kind !== "bytes") throw scapyError(value.at, "expected an address as text");
  return addressAt({ name: "lladdr", kind: "mac", sizeBits: 48, doc: "" }, value);
}

function loadOf(call: Call): Uint8Array {
  const load = argumentsOf(call, ["load"]).get("load");
  return load ? bytesOf(load.value) : new Uint8Array();
}

function payloadSpec(data: Uint8Array, at: number): LayerSpec {
  return specOf(findProtocol("payload")!, new Map([["data", data]]), at);
}

function specOf(protocol: Protocol, values: ReadonlyMap<string, FieldValue>, at: number): LayerSpec {
  const span = spanAt(at);
  const fields: Record<string, Located<FieldValue>> = {};
  for (const [name, value] of values) if (findField(protocol, name)) fields[name] = { value, span };
  return { protocol: protocol.name, fields, span };
}

/** Only the offset is used, to give the column of an error. */
function spanAt(offset: number): Span {
  const position = { line: 1, column: offset + 1, offset };
  return { file: "Scapy text", start: position, end: position };
}
