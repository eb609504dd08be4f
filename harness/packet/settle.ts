import type { FieldValue } from "../model/packet.js";
import { checksumOf } from "./coverage.js";
import { writeFixed } from "./header.js";
import type { LayerContext, ParsedField, ParsedLayer } from "./protocol.js";

/** Which fields are to follow from the rest of the packet. */
export type Wanted = (layerIndex: number, field: ParsedField) => boolean;

/** The value of a checksum field once everything that it covers is in place. */
export type Summing = (context: LayerContext, field: ParsedField) => number;

/**
 * Gives the wanted length, count and checksum fields the values that they have to have, in `bytes`
 * itself: lengths first, then checksums from the innermost layer out, since outer sums cover inner ones.
 */
export function settle(
  bytes: Uint8Array,
  layers: readonly ParsedLayer[],
  wanted: Wanted,
  summing: Summing = checksumOf,
): void {
  const settled = [...layers];
  const fill = (compute: (index: number, field: ParsedField) => FieldValue | undefined): void => {
    for (let index = settled.length - 1; index >= 0; index--) {
      for (const field of settled[index]!.fields) {
        const value = wanted(index, field) ? compute(index, field) : undefined;
        if (value === undefined) continue;
        writeFixed(field.def, bytes, field.offsetBits, value);
        settled[index] = withValue(settled[index]!, field.def.name, value);
      }
    }
  };
  const contextOf = (index: number) => ({ bytes, layers: settled, layer: settled[index]!, index });
  fill((index, { def }) => {
    const value = def.expected?.(contextOf(index));
    // What does not fit (a payload of 70,000 bytes, a header of 64) keeps its low bits, as a C program would.
    return value === undefined ? undefined : value % 2 ** def.sizeBits;
  });
  fill((index, field) => (field.def.checksum ? summing(contextOf(index), field) : undefined));
}

function withValue(layer: ParsedLayer, name: string, value: FieldValue): ParsedLayer {
  return {
    ...layer,
    fields: layer.fields.map((field) => (field.def.name === name ? { ...field, value } : field)),
    values: { ...layer.values, [name]: value },
  };
}
