import type { FieldValue } from "../../model/packet.js";
import type { LayerSpec } from "../../model/scenario.js";
import { parseIpv6 } from "../address.js";
import type { Protocol } from "../protocol.js";
import { findProtocol } from "../protocols.js";
import { bytesOf } from "./arguments.js";
import { bindingOf } from "./classes.js";
import { scapyError, unknownField } from "./fault.js";
import type { ScapyClass, ScapyField } from "./field.js";
import { payloadSpec, specOf } from "./spec.js";
import type { Argument, Call } from "./syntax.js";
import { defaultValue, readValue } from "./value.js";

/** A layer of the table; echo data that is given as a field becomes a payload. */
export function classSpecs(known: ScapyClass, call: Call, calls: readonly Call[], index: number): readonly LayerSpec[] {
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
  const which = variant ? ` whose ${variant} is ${collected.get(variant) as number}` : "";
  return scapyError(argument.at, `${call.name}${which} has no field '${argument.name!}'`, variantHint(known));
}

function variantHint(known: ScapyClass): string | undefined {
  return known.name === "GRE" ? "set chksum_present, key_present or seqnum_present" : undefined;
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
