import type { LayerContext, ParsedField, ParsedLayer, ParsedPacket } from "./protocol.js";

/** What the oracle says of one length or count field. */
export interface LengthFinding {
  /** Index of the layer in the packet. */
  readonly layer: number;
  readonly protocol: string;
  readonly field: string;
  readonly offsetBytes: number;
  readonly actual: number;
  /** By the bytes that are there. */
  readonly expected: number;
  readonly ok: boolean;
}

/** Frames are padded up to this, without frame check sequence (IEEE 802.3 §4A.2.3.2.4; ETH_ZLEN). */
const leastFrameBytes = 60;

/** Compares every length and count with the bytes and items that are there. Quoted packets and fragments' contents are left out. */
export function checkLengths(parsed: ParsedPacket): readonly LengthFinding[] {
  return parsed.layers.flatMap((layer, index) => {
    if (!isJudged(layer)) return [];
    const context = { bytes: parsed.bytes, layers: parsed.layers, layer, index };
    return layer.fields.filter(({ def }) => def.expected !== undefined).map((field) => checkLength(context, field));
  });
}

/**
 * Lengths of quoted packets and fragments that agree with as much of the content as is here: they are
 * not judged, but an edit that moves bytes has to keep them in step.
 */
export function unjudgedLengths({ bytes, layers }: ParsedPacket): readonly { layer: number; field: string }[] {
  return layers.flatMap((layer, index) => {
    if (isJudged(layer)) return [];
    const holds = ({ def, value }: ParsedField): boolean => def.expected?.({ bytes, layers, layer, index }) === value;
    return layer.fields.filter(holds).map(({ def }) => ({ layer: index, field: def.name }));
  });
}

function isJudged({ quoted, inFragment }: ParsedLayer): boolean {
  return !quoted && !inFragment;
}

function checkLength(context: LayerContext, field: ParsedField): LengthFinding {
  const { layer, layers, index } = context;
  const { def } = field;
  const actual = Number(field.value);
  const whole = def.expected!({ ...context, layer: { ...layer, endBytes: layer.limitBytes } });
  const own = def.expected!(context);
  const ok = actual === whole || (actual === own && isPadded(layers, index));
  const place = {
    layer: index,
    protocol: layer.protocol,
    field: def.name,
    offsetBytes: Math.floor(field.offsetBits / 8),
  };
  return { ...place, actual, expected: whole, ok };
}

/** Bytes behind a layer's end are no mistake where they fill a frame up to the least size. */
function isPadded(layers: readonly ParsedLayer[], index: number): boolean {
  const frame = layers.slice(0, index).findLast((outer) => outer.protocol === "eth");
  return frame !== undefined && layers[index]!.limitBytes <= frame.offsetBytes + leastFrameBytes;
}
