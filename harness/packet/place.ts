import type { EncodedHeader } from "./header.js";
import type { ParsedLayer, Protocol } from "./protocol.js";
import { padding } from "./protocols.js";

/** A header that has bytes but no place yet. */
export interface EncodedLayer {
  readonly definition: Protocol;
  readonly header: EncodedHeader;
}

/** Puts headers one behind the other and gives each its content: everything behind it but padding. */
export function placeLayers(encoded: readonly EncodedLayer[]): readonly ParsedLayer[] {
  const ends = contentEnds(encoded);
  let offsetBytes = 0;
  return encoded.map(({ definition, header }, i): ParsedLayer => {
    const at = offsetBytes;
    offsetBytes += header.bytes.length;
    return {
      protocol: definition.name,
      definition,
      offsetBytes: at,
      headerBytes: header.bytes.length,
      endBytes: ends[i]!,
      limitBytes: ends[i]!,
      fields: header.fields.map((field) => ({ ...field, offsetBits: field.offsetBits + at * 8 })),
      values: header.values,
      truncated: false,
      headerTruncated: false,
      quoted: false,
      inFragment: false,
    };
  });
}

/** Where each layer's content ends. A padding layer ends everything inside the innermost Ethernet frame still open. */
function contentEnds(encoded: readonly EncodedLayer[]): number[] {
  const totalBytes = encoded.reduce((sum, { header }) => sum + header.bytes.length, 0);
  const ends = new Array<number>(encoded.length).fill(totalBytes);
  let open: number[] = [];
  let offset = 0;
  for (const [i, { definition, header }] of encoded.entries()) {
    if (definition === padding) {
      const frame = open.findLastIndex((index) => encoded[index]!.definition.name === "eth");
      for (const index of open.slice(frame + 1)) ends[index] = offset;
      open = open.slice(0, Math.max(0, frame));
    } else open.push(i);
    offset += header.bytes.length;
  }
  return ends;
}
