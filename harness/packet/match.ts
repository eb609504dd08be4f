import type { LayerPattern } from "../model/scenario.js";
import { matchPattern } from "./pattern.js";
import type { ParsedLayer, ParsedPacket } from "./protocol.js";

/**
 * Whether a packet has a layer for every pattern, in the patterns' order; other layers may stand before,
 * between and behind. A field that the layer does not have (an ICMP `seq` in a redirect) matches nothing.
 */
export function matchLayers({ layers }: ParsedPacket, patterns: readonly LayerPattern[]): boolean {
  // Taking the first layer that fits is never wrong: it leaves the most for the patterns to come.
  let next = 0;
  return patterns.every((pattern) => {
    const found = layers.findIndex((layer, index) => index >= next && matchLayer(layer, pattern));
    next = found + 1;
    return found >= 0;
  });
}

function matchLayer(layer: ParsedLayer, { protocol, fields }: LayerPattern): boolean {
  return (
    layer.protocol === protocol &&
    Object.entries(fields).every(([name, { value: pattern }]) => {
      const value = layer.values[name];
      return value !== undefined && matchPattern(pattern, value);
    })
  );
}
