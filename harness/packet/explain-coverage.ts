import { type Coverage, sumOf } from "./coverage.js";
import type { Cause } from "./explain.js";
import type { LayerContext, ParsedField, ParsedLayer } from "./protocol.js";
import { onesComplementSum } from "./sum.js";

/** Sums over too little, too much, or a badly padded last byte. */
export function* causesInCoverage(context: LayerContext, field: ParsedField, coverage: Coverage): Generator<Cause> {
  if (coverage.bytes.length % 2 === 1) yield* causesInOddByte(coverage);
  if (field.def.checksum!.covers === "header") yield* causesInHeaderSum(context, field, coverage);
  else if (coverage.pseudo === undefined) yield* causesInMessageSum(context.layer, coverage);
  const frameEnd = context.layers[0]!.endBytes;
  if (frameEnd > context.layer.endBytes) {
    const sum = sumOf({ ...coverage, bytes: coveredUpTo(frameEnd, context, field) });
    yield { sum, sentence: "the bytes behind the packet's end (padding) are in it" };
  }
}

function* causesInOddByte({ bytes, pseudo }: Coverage): Generator<Cause> {
  const even = bytes.slice(0, -1);
  const without = sumOf({ bytes: even, pseudo });
  const misplaced = onesComplementSum(Uint8Array.of(0, bytes.at(-1)!), ~without & 0xffff);
  yield {
    sum: ~misplaced & 0xffff,
    sentence: "the odd last byte is in the low half of its word instead of the high half",
  };
  yield { sum: without, sentence: "the odd last byte is missing from it" };
}

const fixedIpv4Bytes = 20;

function* causesInHeaderSum(context: LayerContext, field: ParsedField, { bytes, pseudo }: Coverage): Generator<Cause> {
  if (bytes.length > fixedIpv4Bytes) {
    const sum = sumOf({ bytes: bytes.subarray(0, fixedIpv4Bytes), pseudo });
    yield { sum, sentence: "the header's options are missing from it" };
  }
  const whole = coveredUpTo(context.layer.endBytes, context, field);
  yield { sum: sumOf({ bytes: whole, pseudo }), sentence: "it covers the payload, too" };
}

function* causesInMessageSum({ headerBytes }: ParsedLayer, { bytes, pseudo }: Coverage): Generator<Cause> {
  const header = sumOf({ bytes: bytes.subarray(0, headerBytes), pseudo });
  const payload = sumOf({ bytes: bytes.subarray(headerBytes), pseudo });
  yield { sum: header, sentence: "it covers the header only, not the payload" };
  yield { sum: payload, sentence: "it covers the payload only, not the header" };
}

/** The bytes from the layer's first up to `endBytes`, with the checksum field zeroed. */
function coveredUpTo(endBytes: number, { bytes, layer }: LayerContext, field: ParsedField): Uint8Array {
  const at = field.offsetBits / 8 - layer.offsetBytes;
  return bytes.slice(layer.offsetBytes, endBytes).fill(0, at, at + 2);
}
