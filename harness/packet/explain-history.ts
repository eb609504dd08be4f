import type { FieldValue } from "../model/packet.js";
import { type Coverage, sumOf } from "./coverage.js";
import type { Cause } from "./explain.js";
import { describeFieldValue, formatFieldValue } from "./field-value.js";
import { writeFixed } from "./header.js";
import { sameValue } from "./pattern.js";
import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket } from "./protocol.js";

/** With the packet from before the program: a sum that missed exactly one change, or all of them. */
export function* causesInHistory(
  { layers, layer, index }: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): Generator<Cause> {
  const nth = layers.slice(0, index).filter((other) => other.protocol === layer.protocol).length;
  const old = before?.layers.filter((other) => other.protocol === layer.protocol)[nth];
  if (before === undefined || old === undefined) return;
  for (const { now, then } of changedFields(layer, old)) {
    if (now.def === field.def || now.sizeBits !== now.def.sizeBits) continue;
    const sum = sumOf({ ...coverage, bytes: withOldField(coverage.bytes, layer, now, then.value) });
    yield { sum, sentence: missed(layer, now, then) };
  }
  yield* missedAddresses(layers, coverage, before, old);
  yield* missedContent(layer, coverage, before, old);
  yield* leftOver(field, coverage, old);
}

function missed(layer: ParsedLayer, now: ParsedField, then: ParsedField): string {
  const [was, is] = [then, now].map(({ def, value }) => formatFieldValue(def, value));
  return `it was not updated for ${layer.protocol}.${now.def.name}, which changed from ${was!} to ${is!}`;
}

interface Change {
  readonly now: ParsedField;
  readonly then: ParsedField;
}

function changedFields(layer: ParsedLayer, old: ParsedLayer): readonly Change[] {
  return layer.fields.flatMap((now) => {
    const then = old.fields.find((one) => one.def === now.def);
    return then === undefined || sameValue(now.value, then.value) ? [] : [{ now, then }];
  });
}

/** The covered bytes with one field as it was. */
export function withOldField(covered: Uint8Array, layer: ParsedLayer, field: ParsedField, old: FieldValue): Uint8Array {
  const bytes = covered.slice();
  writeFixed(field.def, bytes, field.offsetBits - layer.offsetBytes * 8, old);
  return bytes;
}

/** Address translation that forgets the pseudo-header. */
function* missedAddresses(
  layers: readonly ParsedLayer[],
  { bytes, pseudo }: Coverage,
  before: ParsedPacket,
  old: ParsedLayer,
): Generator<Cause> {
  if (pseudo === undefined) return;
  const network = layers[pseudo.network]!;
  const oldNetwork = before.layers
    .slice(0, before.layers.indexOf(old))
    .findLast((one) => one.protocol === network.protocol);
  for (const { now, then } of oldNetwork ? changedFields(network, oldNetwork) : []) {
    const side = now.def.name === "src" ? "source" : now.def.name === "dst" ? "destination" : undefined;
    if (side === undefined || !(then.value instanceof Uint8Array)) continue;
    const sum = sumOf({ bytes, pseudo: { ...pseudo, [side]: then.value } });
    yield { sum, sentence: `${missed(network, now, then)} (it is part of the pseudo-header)` };
  }
}

function* missedContent(
  layer: ParsedLayer,
  coverage: Coverage,
  before: ParsedPacket,
  old: ParsedLayer,
): Generator<Cause> {
  if (coverage.bytes.length <= layer.headerBytes) return;
  const content = before.bytes.subarray(old.offsetBytes + old.headerBytes, old.endBytes);
  if (layer.headerBytes + content.length !== coverage.bytes.length) return;
  const bytes = coverage.bytes.slice();
  bytes.set(content, layer.headerBytes);
  const sum = sumOf({ ...coverage, bytes });
  yield { sum, sentence: `it was not updated for the bytes behind the ${layer.protocol} header, which changed` };
}

/** The field itself as it was before: left alone, or summed along with the rest. */
function* leftOver(field: ParsedField, coverage: Coverage, old: ParsedLayer): Generator<Cause> {
  const unchanged = old.values[field.def.name];
  if (typeof unchanged !== "number") return;
  const text = describeFieldValue(field.def, unchanged);
  yield { sum: unchanged, sentence: `it is still that of the packet before (${text})` };
  const bytes = Uint8Array.of(
    ...coverage.bytes,
    ...(coverage.bytes.length % 2 ? [0] : []),
    unchanged >> 8,
    unchanged & 0xff,
  );
  yield { sum: sumOf({ ...coverage, bytes }), sentence: `the old checksum (${text}) was not zeroed before summing` };
}
