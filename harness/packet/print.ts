import type { Packet } from "../model/packet.js";
import { parsePacket } from "./parse.js";
import type { ParsedLayer } from "./protocol.js";

/** One line: `eth / ipv4 10.0.0.1 > 10.0.1.2 ttl 63 / udp 40000 > 53 / 5 bytes`. */
export function summary(packet: Packet): string {
  const { layers } = parsePacket(packet);
  return layers.length === 0 ? "an empty packet" : layers.map(summarizeLayer).join(" / ");
}

function summarizeLayer(layer: ParsedLayer): string {
  const { definition, protocol, values, truncated } = layer;
  if (protocol === "payload") return definition.summarize(values);
  if (layer.fields.length < definition.fields.length && truncated)
    return `${protocol} (cut off after ${layer.headerBytes} bytes)`;
  return `${protocol} ${definition.summarize(values)}`.trim();
}

/** Offsets, hex and text, 16 bytes a line; `marks` (offsets) are put in brackets. */
export function hexdump(bytes: Uint8Array, marks: ReadonlySet<number> = new Set()): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) lines.push(hexdumpLine(bytes, start, marks));
  return lines.join("\n");
}

function hexdumpLine(bytes: Uint8Array, start: number, marks: ReadonlySet<number>): string {
  let hex = "";
  let text = "";
  for (let i = start; i < start + 16; i++) {
    const byte = bytes[i];
    const open = marks.has(i) ? (marks.has(i - 1) && i > start ? " " : "[") : marks.has(i - 1) && i > start ? "]" : " ";
    hex +=
      (i === start + 8 && open === " " ? " " : "") +
      open +
      (byte === undefined ? "  " : byte.toString(16).padStart(2, "0"));
    if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
  }
  return `${start.toString(16).padStart(4, "0")} ${hex}  ${text}`;
}
