import { sameBytes } from "../../model/hex.js";
import type { FieldValue, Packet } from "../../model/packet.js";
import { checkLengths, checkSums } from "../checksum.js";
import { formatIpv4, formatIpv6, formatMac } from "../address.js";
import { parsePacket } from "../parse.js";
import type { FieldDef, ParsedField, ParsedLayer, ParsedPacket } from "../protocol.js";
import { bindingOf, scapyClasses } from "./classes.js";
import { writeDns } from "./dns.js";
import type { ScapyClass, ScapyField } from "./field.js";
import { formatPythonBytes } from "./python-bytes.js";
import { readScapy } from "./read.js";

/**
 * A Scapy expression for a packet, such that Scapy and `readScapy` build exactly its bytes. Fields that
 * Scapy would fill in with the same value are left out; layers that it cannot express, and everything
 * behind them, are a Raw layer. (A bare IP packet that is no valid one comes back as a frame of those bytes.)
 */
export function writeScapy(packet: Packet): string {
  const parsed = parsePacket(packet);
  const derived = rightFields(parsed);
  for (let count = parsed.layers.length; count > 0; count--) {
    for (const omitted of [derived, new Set<string>()]) {
      const text = expression(parsed, count, omitted);
      if (text !== undefined && isSame(text, packet)) return text;
    }
  }
  return `Raw(${formatPythonBytes(packet.bytes)})`;
}

/** Whatever the table promises: only a text that gives the bytes again is a text of them. */
function isSame(text: string, packet: Packet): boolean {
  try {
    const again = readScapy(text);
    return again.linkType === packet.linkType && sameBytes(again.bytes, packet.bytes);
  } catch {
    return false;
  }
}

/** Lengths and checksums that have the value they would be given anyway. */
function rightFields(parsed: ParsedPacket): ReadonlySet<string> {
  const lengths = checkLengths(parsed).filter(({ ok }) => ok);
  // Scapy sees two things about the pseudo-header differently: which of two routing headers has the final
  // destination, and what the length is where the one in the IP header is wrong.
  const isPlain =
    parsed.layers.filter(({ protocol }) => protocol === "ipv6-routing").length < 2 &&
    parsed.layers.every(
      ({ protocol }, i) => protocol !== "ipv4" || lengths.some((l) => l.layer === i && l.field === "length"),
    );
  const sums = checkSums(parsed).filter(
    ({ ok, applies, actual, expected }) => isPlain && ok && applies && actual === expected,
  );
  return new Set([...lengths, ...sums].map(({ layer, field }) => `${layer} ${field}`));
}

/** The first layers by their classes and the rest as bytes; undefined where one of them has no class that fits. */
function expression(parsed: ParsedPacket, count: number, omitted: ReadonlySet<string>): string | undefined {
  const { layers, bytes } = parsed;
  const classes = layers.slice(0, count).map(classOf);
  const texts: string[] = [];
  for (const [index, layer] of layers.slice(0, count).entries()) {
    const text = layerText(parsed, index, classes, omitted) ?? rawText(parsed, layer);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const last = layers[count - 1]!;
  const rest = bytes.subarray(last.offsetBytes + last.headerBytes);
  if (count < layers.length && rest.length > 0) texts.push(`Raw(${formatPythonBytes(rest)})`);
  return texts.join("/");
}

/** Padding behind the outermost packet is Padding; further in, Scapy would leave it out of outer lengths. */
function rawText({ layers, bytes }: ParsedPacket, layer: ParsedLayer): string | undefined {
  if (layer.protocol !== "payload" && layer.protocol !== "padding") return undefined;
  const outermost = layers.find(({ protocol }) => !["eth", "vlan", "qinq"].includes(protocol));
  const isOutside = layer.protocol === "padding" && layer.offsetBytes >= (outermost?.endBytes ?? 0);
  const data = bytes.subarray(layer.offsetBytes, layer.offsetBytes + layer.headerBytes);
  return `${isOutside ? "Padding" : "Raw"}(${formatPythonBytes(data)})`;
}

function classOf(layer: ParsedLayer): string | undefined {
  if (layer.protocol === "dns") return "DNS";
  return (scapyClasses.find((known) => fits(known, layer)) ?? unknownIcmpv6Of(layer))?.name;
}

function unknownIcmpv6Of(layer: ParsedLayer): { readonly name: string } | undefined {
  return layer.protocol === "icmpv6" ? { name: "ICMPv6Unknown" } : undefined;
}

function fits(known: ScapyClass, layer: ParsedLayer): boolean {
  if (known.protocol !== layer.protocol || known.fits?.(layer.values) === false) return false;
  if (Object.entries(known.fixed ?? {}).some(([name, value]) => layer.values[name] !== value)) return false;
  const said = new Set(known.fields.flatMap(({ parts }) => parts.map(({ field }) => field)));
  // In Scapy these are layers of their own.
  if (known.name.startsWith("ICMPv6ND_")) said.add("options");
  return layer.fields.every(({ def, sizeBits }) => sizeBits === 0 || said.has(def.name));
}

function layerText(
  parsed: ParsedPacket,
  index: number,
  classes: readonly (string | undefined)[],
  omitted: ReadonlySet<string>,
): string | undefined {
  const layer = parsed.layers[index]!;
  const name = classes[index];
  if (name === "DNS") return layer.truncated ? undefined : writeDns(layer.values);
  if (name === "ICMPv6Unknown") return unknownIcmpv6Text(parsed, index, omitted);
  const known = scapyClasses.find((candidate) => candidate.name === name);
  if (!known) return undefined;
  const given: string[] = [];
  for (const field of known.fields.filter(({ alias }) => !alias)) {
    const text = fieldText(parsed.bytes, layer, field, {
      implied: field.name === known.next ? bindingOf(known.name, classes[index + 1]) : undefined,
      isOmitted: field.parts.every((part) => omitted.has(`${index} ${part.field}`)),
    });
    if (text === undefined) return undefined;
    if (text !== "") given.push(text);
  }
  return [`${known.name}(${given.join(", ")})`, ...neighbourOptions(parsed.bytes, layer)].join("/");
}

/** The options of a neighbour discovery message; what is none shows in bytes that differ. */
function neighbourOptions(bytes: Uint8Array, layer: ParsedLayer): readonly string[] {
  const field = layer.protocol === "icmpv6" ? layer.fields.find(({ def }) => def.name === "options") : undefined;
  const texts: string[] = [];
  const end = field ? (field.offsetBits + field.sizeBits) / 8 : 0;
  for (let at = field ? field.offsetBits / 8 : 0; at < end;) {
    const size = Math.max(2, (bytes[at + 1] ?? 1) * 8);
    const data = bytes.subarray(at + 2, Math.min(end, at + size));
    const name = { 1: "Src", 2: "Dst" }[bytes[at]!];
    texts.push(
      name && data.length === 6
        ? `ICMPv6NDOpt${name}LLAddr(lladdr="${formatMac(data)}")`
        : `ICMPv6NDOptUnknown(type=${bytes[at]!}, len=${bytes[at + 1]!}, data=${formatPythonBytes(data)})`,
    );
    at += size;
  }
  return texts;
}

interface Surroundings {
  /** The value that Scapy takes from the layer above. */
  readonly implied: number | undefined;
  readonly isOmitted: boolean;
}

/** `name=value`; empty where Scapy puts that value there by itself, or there is no such field in this variant. */
function fieldText(
  bytes: Uint8Array,
  layer: ParsedLayer,
  field: ScapyField,
  { implied, isOmitted }: Surroundings,
): string | undefined {
  // The only one without a place in the packet: options are written out with their padding.
  if (field.parts.length === 0) return `${field.name}=0`;
  const ours = field.parts.map((part) => layer.fields.find(({ def }) => def.name === part.field));
  const [first] = ours;
  if (!first || ours.includes(undefined) || (field.computed && isOmitted)) return "";
  if (field.special) return specialText(bytes, field, first);
  if (field.parts[0]!.bits === undefined) {
    const text = addressText(first.def, first.value);
    return text === `"${String(field.default)}"` ? "" : `${field.name}=${text}`;
  }
  const value = joinParts(field, ours as readonly ParsedField[]);
  if (!field.computed && value === (implied ?? field.default)) return "";
  return `${field.name}=${numberText(field, first.def, value)}`;
}

function specialText(bytes: Uint8Array, field: ScapyField, { offsetBits, sizeBits }: ParsedField): string | undefined {
  if (sizeBits === 0) return "";
  const text = field.special!.write(bytes.subarray(offsetBits / 8, (offsetBits + sizeBits) / 8));
  return text === undefined ? undefined : `${field.name}=${text}`;
}

function joinParts(field: ScapyField, ours: readonly ParsedField[]): number {
  return field.parts.reduce((value, { shift, bits = 0 }, i) => {
    const share = Math.floor(Number(ours[i]!.value) / 2 ** shift) % 2 ** bits;
    return value * 2 ** bits + share;
  }, 0);
}

function numberText(field: ScapyField, def: FieldDef, value: number): string {
  if (def.kind === "flags" && field.name === "flags" && def.names) {
    const isLetters = def.sizeBits === 9;
    const names = isLetters ? [..."FSRPAUECN"] : def.sizeBits === 3 ? ["MF", "DF", "evil"] : [];
    if (names.length > 0 && value > 0) {
      return `"${names.filter((name) => value & def.names![name]!).join(isLetters ? "" : "+")}"`;
    }
  }
  return def.base === "hex" ? `0x${value.toString(16)}` : String(value);
}

function addressText(def: FieldDef, value: FieldValue): string {
  if (Array.isArray(value)) return `[${value.map((one) => `"${formatIpv6(one as Uint8Array)}"`).join(", ")}]`;
  const bytes = value as Uint8Array;
  return `"${def.kind === "mac" ? formatMac(bytes) : def.kind === "ipv6" ? formatIpv6(bytes) : formatIpv4(bytes)}"`;
}

/** An ICMPv6 message with fields or options that no class here has: by its bytes. */
function unknownIcmpv6Text(parsed: ParsedPacket, index: number, omitted: ReadonlySet<string>): string | undefined {
  const { values, offsetBytes, headerBytes } = parsed.layers[index]!;
  if (values["checksum"] === undefined) return undefined;
  const body = parsed.bytes.subarray(offsetBytes + 4, offsetBytes + headerBytes);
  const checksum = omitted.has(`${index} checksum`) ? "" : `, cksum=0x${(values["checksum"] as number).toString(16)}`;
  const message = `type=${values["type"] as number}, code=${values["code"] as number}${checksum}`;
  return `ICMPv6Unknown(${message}, msgbody=${formatPythonBytes(body)})`;
}
