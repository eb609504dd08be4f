import type { Packet } from "../../../harness/model/packet.js";
import { checkLengths, checkSums } from "../../../harness/packet/checksum.js";
import { alignPackets, changedBytes, layerName } from "../../../harness/packet/diff.js";
import { describeFieldValue } from "../../../harness/packet/field-value.js";
import { summarizeLayer } from "../../../harness/packet/print.js";
import type { ParsedField, ParsedLayer, ParsedPacket } from "../../../harness/packet/protocol.js";
import { sameValue } from "../../../harness/packet/pattern.js";

/** A stretch of a packet's bytes. */
export interface Stretch {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** One side of a row: the packet that went in, or the one that came out. */
export interface Cell {
  readonly text: string;
  readonly stretch: Stretch;
  /** Why a length or checksum is wrong. */
  readonly wrong: string | undefined;
}

export interface FieldRow {
  readonly name: string;
  readonly doc: string;
  readonly before: Cell | undefined;
  readonly after: Cell | undefined;
  readonly changed: boolean;
}

export interface LayerRow {
  readonly name: string;
  /** The rest of its line, behind the protocol's name. */
  readonly summary: string;
  /** `added` by the program, `removed`, or in both. */
  readonly fate: "kept" | "added" | "removed";
  readonly changed: boolean;
  readonly before: Stretch | undefined;
  readonly after: Stretch | undefined;
  readonly fields: readonly FieldRow[];
}

export interface ComparedPackets {
  readonly layers: readonly LayerRow[];
  /** Offsets of bytes that differ or have no counterpart. */
  readonly beforeMarks: ReadonlySet<number>;
  readonly afterMarks: ReadonlySet<number>;
}

/** A packet that went in against one that came out, layer by layer; against itself where there is nothing to compare. */
export function comparePackets(before: Packet, after: Packet): ComparedPackets {
  const aligned = alignPackets(before, after);
  const [was, is] = [side(aligned.expected), side(aligned.actual)];
  const rows: LayerRow[] = [];
  let next = 0;
  for (const [index, layer] of aligned.actual.layers.entries()) {
    const source = aligned.origin[index];
    if (source === undefined) {
      rows.push(lonelyLayer(is, layer, index, "added"));
      continue;
    }
    for (; next < source; next++) rows.push(lonelyLayer(was, aligned.expected.layers[next]!, next, "removed"));
    rows.push(sharedLayer(was, is, source, index));
    next = source + 1;
  }
  for (; next < aligned.expected.layers.length; next++)
    rows.push(lonelyLayer(was, aligned.expected.layers[next]!, next, "removed"));
  const { expectedMarks, actualMarks } = changedBytes(aligned);
  return { layers: rows, beforeMarks: expectedMarks, afterMarks: actualMarks };
}

interface Side {
  readonly packet: ParsedPacket;
  /** `layer field` → what is wrong with it. */
  readonly wrong: ReadonlyMap<string, string>;
}

function side(packet: ParsedPacket): Side {
  const wrong = new Map<string, string>();
  for (const { layer, field, ok, expected } of checkLengths(packet))
    if (!ok) wrong.set(`${layer} ${field}`, `by the bytes that are there: ${expected}`);
  for (const { layer, field, ok, expected, explanation } of checkSums(packet))
    if (!ok)
      wrong.set(`${layer} ${field}`, `has to be 0x${expected.toString(16)}${explanation ? `: ${explanation}` : ""}`);
  return { packet, wrong };
}

function sharedLayer(was: Side, is: Side, source: number, index: number): LayerRow {
  const [old, layer] = [was.packet.layers[source]!, is.packet.layers[index]!];
  const names = [...new Set([...layer.fields, ...old.fields].map(({ def }) => def.name))];
  const fields = names.map((name) => {
    const [a, b] = [old, layer].map(({ fields }) => fields.find(({ def }) => def.name === name));
    const same = a && b && sameValue(a.value, b.value) && a.sizeBits === b.sizeBits;
    return {
      name,
      doc: (b ?? a)!.def.doc,
      before: a && cell(a, was.wrong.get(`${source} ${name}`)),
      after: b && cell(b, is.wrong.get(`${index} ${name}`)),
      changed: !same,
    };
  });
  return {
    name: layerName(is.packet, index),
    summary: restOfLine(layer),
    fate: "kept",
    changed: fields.some(({ changed }) => changed),
    before: headerOf(old),
    after: headerOf(layer),
    fields,
  };
}

function lonelyLayer(of: Side, layer: ParsedLayer, index: number, fate: "added" | "removed"): LayerRow {
  const fields = layer.fields.map((field) => {
    const here = cell(field, of.wrong.get(`${index} ${field.def.name}`));
    const [before, after] = fate === "added" ? [undefined, here] : [here, undefined];
    return { name: field.def.name, doc: field.def.doc, before, after, changed: true };
  });
  const [before, after] = fate === "added" ? [undefined, headerOf(layer)] : [headerOf(layer), undefined];
  return {
    name: layerName(of.packet, index),
    summary: restOfLine(layer),
    fate,
    changed: true,
    before,
    after,
    fields,
  };
}

function restOfLine(layer: ParsedLayer): string {
  const line = summarizeLayer(layer);
  return line.startsWith(`${layer.protocol} `)
    ? line.slice(layer.protocol.length + 1)
    : line === layer.protocol
      ? ""
      : line;
}

function headerOf({ offsetBytes, headerBytes }: ParsedLayer): Stretch {
  return { startBytes: offsetBytes, endBytes: offsetBytes + headerBytes };
}

/** Longer values are seen in the bytes. */
const longestText = 120;

function cell({ def, value, offsetBits, sizeBits }: ParsedField, wrong: string | undefined): Cell {
  const text = describeFieldValue(def, value);
  return {
    text: text.length > longestText ? `${text.slice(0, longestText)}…` : text,
    stretch: { startBytes: Math.floor(offsetBits / 8), endBytes: Math.ceil((offsetBits + sizeBits) / 8) },
    wrong,
  };
}
