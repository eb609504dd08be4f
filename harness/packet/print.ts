import type { Packet } from "../model/packet.js";
import { parsePacket } from "./parse.js";
import type { ParsedLayer } from "./protocol.js";

/** A line that goes on for thousands of VLAN tags helps nobody. */
const mostLayers = 32;

/** One line: `eth / ipv4 10.0.0.1 > 10.0.1.2 ttl 63 / udp 40000 > 53 / 5 bytes`. */
export function summary(packet: Packet): string {
  const { layers } = parsePacket(packet);
  if (layers.length === 0) return "an empty packet";
  const more = layers.length > mostLayers ? [`${layers.length - mostLayers} more layers`] : [];
  return [...layers.slice(0, mostLayers).map(summarizeLayer), ...more].join(" / ");
}

/** One layer of such a line. */
export function summarizeLayer(layer: ParsedLayer): string {
  const { definition, protocol, values, headerTruncated } = layer;
  if (protocol === "payload") return definition.summarize(values);
  if (headerTruncated) return `${protocol} (cut off after ${layer.headerBytes} bytes)`;
  return `${protocol} ${definition.summarize(values)}`.trim();
}

/** Offsets, hex and text, 16 bytes a line, split after eight; runs of `marks` (offsets) stand in brackets. */
export function hexdump(bytes: Uint8Array, marks: ReadonlySet<number> = new Set()): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) lines.push(hexdumpLine(bytes, start, marks));
  return lines.join("\n");
}

function hexdumpLine(bytes: Uint8Array, start: number, marks: ReadonlySet<number>): string {
  const end = Math.min(bytes.length, start + 16);
  const isMarked = (at: number): boolean => at >= start && at < end && marks.has(at);
  let hex = "";
  let text = "";
  for (let at = start; at <= start + 16; at++) {
    const gap = isMarked(at) === isMarked(at - 1) ? " " : isMarked(at) ? "[" : "]";
    hex += at === start + 8 ? (gap === "[" ? " [" : `${gap} `) : gap;
    if (at === start + 16) break;
    const byte = at < end ? bytes[at]! : undefined;
    hex += byte === undefined ? "  " : byte.toString(16).padStart(2, "0");
    if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  }
  return `${start.toString(16).padStart(4, "0")} ${hex} ${text}`;
}
