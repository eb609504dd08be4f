import { sameBytes } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import { alignLayers } from "./align.js";
import { causeHints } from "./diff-hints.js";
import { describeFieldValue } from "./field-value.js";
import { parsePacket } from "./parse.js";
import { hexdump, summarizeLayer, summary } from "./print.js";
import type { ParsedField, ParsedPacket } from "./protocol.js";
import { sameValue } from "./pattern.js";

/** One field (or whole layer) in which two packets differ. */
export interface FieldDifference {
  /** A field, a whole layer that only one packet has, or a byte that no field covers. */
  readonly kind: "field" | "layer" | "byte";
  /** The packet that has it: the expected one for what is missing in the actual one. */
  readonly side: "expected" | "actual";
  /** Index of the layer in that packet. */
  readonly layer: number;
  readonly protocol: string;
  /** For `kind: "field"`. */
  readonly field: string | undefined;
  /** As messages say it: `ipv4.ttl`; `ipv4[2].ttl` for the second of several layers of that protocol. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** Where it is, in bytes of the packet that `layer` belongs to. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Why a checksum or length differs, or has to and does not. */
  readonly hint?: string;
}

/** Two packets with their layers held against each other. */
export interface AlignedPackets {
  readonly expected: ParsedPacket;
  readonly actual: ParsedPacket;
  /** For each layer of the actual packet the one of the expected packet, if any. */
  readonly origin: readonly (number | undefined)[];
}

/** Every field in which the packets differ, in wire order; empty only if all bytes are the same. */
export function diffPackets(expected: Packet, actual: Packet): readonly FieldDifference[] {
  const aligned = alignPackets(expected, actual);
  const found = [...missingLayers(aligned), ...presentLayers(aligned)];
  if (found.length === 0 && !sameBytes(expected.bytes, actual.bytes)) found.push(byteDifference(aligned));
  const hints = causeHints(aligned, found);
  return found.map((difference, i) => (hints[i] === undefined ? difference : { ...difference, hint: hints[i] }));
}

export function alignPackets(expected: Packet, actual: Packet): AlignedPackets {
  const [before, after] = [parsePacket(expected), parsePacket(actual)];
  const names = ({ layers }: ParsedPacket): string[] => layers.map(({ protocol }) => protocol);
  return { expected: before, actual: after, origin: alignLayers(names(before), names(after)) };
}

function missingLayers({ expected, origin }: AlignedPackets): FieldDifference[] {
  const kept = new Set(origin);
  return expected.layers.flatMap((layer, index) =>
    kept.has(index) ? [] : [wholeLayer("expected", expected, index, summarizeLayer(layer))],
  );
}

function presentLayers({ expected, actual, origin }: AlignedPackets): FieldDifference[] {
  return actual.layers.flatMap((layer, index) => {
    const source = origin[index];
    if (source === undefined) return [wholeLayer("actual", actual, index, summarizeLayer(layer))];
    return diffFields({ expected, actual, source, index });
  });
}

function wholeLayer(side: FieldDifference["side"], packet: ParsedPacket, layer: number, text: string): FieldDifference {
  const { protocol, offsetBytes, headerBytes: sizeBytes } = packet.layers[layer]!;
  const [expected, actual] = side === "expected" ? [text, "absent"] : ["absent", text];
  return {
    kind: "layer",
    side,
    layer,
    protocol,
    field: undefined,
    what: layerName(packet, layer),
    expected,
    actual,
    offsetBytes,
    sizeBytes,
  };
}

interface LayerPair {
  readonly expected: ParsedPacket;
  readonly actual: ParsedPacket;
  /** Index in the expected and in the actual packet. */
  readonly source: number;
  readonly index: number;
}

function diffFields({ expected, actual, source, index }: LayerPair): FieldDifference[] {
  const [before, after] = [expected.layers[source]!, actual.layers[index]!];
  const found: FieldDifference[] = [];
  for (const field of after.fields) {
    const was = before.fields.find(({ def }) => def.name === field.def.name);
    if (was && sameValue(was.value, field.value) && was.sizeBits === field.sizeBits) continue;
    found.push(fieldDifference("actual", actual, index, field, was ? describe(was) : "absent", describe(field)));
  }
  for (const field of before.fields) {
    if (after.fields.some(({ def }) => def.name === field.def.name)) continue;
    found.push(fieldDifference("expected", expected, source, field, describe(field), "absent"));
  }
  return found;
}

function fieldDifference(
  side: FieldDifference["side"],
  packet: ParsedPacket,
  index: number,
  { def, offsetBits, sizeBits }: ParsedField,
  expected: string,
  actual: string,
): FieldDifference {
  const { protocol } = packet.layers[index]!;
  const offsetBytes = Math.floor(offsetBits / 8);
  const sizeBytes = Math.ceil((offsetBits + sizeBits) / 8) - offsetBytes;
  const what = `${layerName(packet, index)}.${def.name}`;
  return {
    kind: "field",
    side,
    layer: index,
    protocol,
    field: def.name,
    what,
    expected,
    actual,
    offsetBytes,
    sizeBytes,
  };
}

/** Longer values are for the hex view. */
const longestText = 80;

function describe({ def, value }: ParsedField): string {
  const text = describeFieldValue(def, value);
  const size = value instanceof Uint8Array ? ` (${value.length} bytes)` : "";
  return text.length > longestText ? `${text.slice(0, longestText)}…${size}` : text;
}

/** The net below the fields: bytes that all fields agree on having no meaning (what pads options). */
function byteDifference({ expected, actual }: AlignedPackets): FieldDifference {
  const offsetBytes = actual.bytes.findIndex((byte, at) => byte !== expected.bytes[at]);
  const at = Math.max(0, offsetBytes);
  const layer = Math.max(
    0,
    actual.layers.findLastIndex((candidate) => candidate.offsetBytes <= at),
  );
  const byte = (packet: ParsedPacket): string => {
    const value = packet.bytes[at];
    return value === undefined ? "absent" : `0x${value.toString(16).padStart(2, "0")}`;
  };
  const protocol = actual.layers[layer]?.protocol ?? "payload";
  const place = { layer, protocol, field: undefined, offsetBytes: at, sizeBytes: 1 };
  const what = `byte ${at}`;
  return { kind: "byte", side: "actual", ...place, what, expected: byte(expected), actual: byte(actual) };
}

/** `ipv4`; `ipv4[2]` for the second of several layers of that protocol. */
export function layerName(packet: ParsedPacket, index: number): string {
  const { protocol } = packet.layers[index]!;
  const before = packet.layers.slice(0, index).filter((layer) => layer.protocol === protocol).length;
  return before === 0 ? protocol : `${protocol}[${before + 1}]`;
}

/**
 * For a failure message: one line a field with its offset, hints below, both packets in one line each, and
 * both as hex with what differs in brackets. Empty text for equal packets.
 */
export function formatDiff(expected: Packet, actual: Packet): string {
  const differences = diffPackets(expected, actual);
  if (differences.length === 0) return "";
  const width = Math.max(...differences.map(({ what }) => what.length), "expected packet".length);
  const { expectedMarks, actualMarks } = changedBytes(alignPackets(expected, actual));
  return [
    ...differences.flatMap((difference) => formatDifference(difference, width)),
    `${"expected packet".padEnd(width)}  ${summary(expected)}`,
    `${"actual packet".padEnd(width)}  ${summary(actual)}`,
    "expected bytes",
    ...indented(hexdump(expected.bytes, expectedMarks)),
    "actual bytes",
    ...indented(hexdump(actual.bytes, actualMarks)),
  ].join("\n");
}

function formatDifference(difference: FieldDifference, width: number): readonly string[] {
  const { what, expected, actual, offsetBytes, hint } = difference;
  const place = `at byte ${offsetBytes} (0x${offsetBytes.toString(16)})`;
  const line = `${what.padEnd(width)}  expected ${expected}   actual ${actual}   ${place}`;
  return hint === undefined ? [line] : [line, `${" ".repeat(width)}  ${hint}`];
}

function indented(text: string): readonly string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

/** Offsets of bytes that differ or have no counterpart, layer by layer, so that moved headers still compare. */
export function changedBytes({ expected, actual, origin }: AlignedPackets): {
  readonly expectedMarks: ReadonlySet<number>;
  readonly actualMarks: ReadonlySet<number>;
} {
  const expectedMarks = new Set(expected.bytes.keys());
  const actualMarks = new Set(actual.bytes.keys());
  for (const [index, layer] of actual.layers.entries()) {
    const source = origin[index] === undefined ? undefined : expected.layers[origin[index]];
    if (!source) continue;
    for (let at = 0; at < Math.min(source.headerBytes, layer.headerBytes); at++) {
      if (expected.bytes[source.offsetBytes + at] !== actual.bytes[layer.offsetBytes + at]) continue;
      expectedMarks.delete(source.offsetBytes + at);
      actualMarks.delete(layer.offsetBytes + at);
    }
  }
  return { expectedMarks, actualMarks };
}
