import type { ParsedLayer } from "./protocol.js";

/**
 * Whether a layer lies in a fragment that is not the whole datagram: then its content goes on
 * elsewhere, and neither its lengths nor its checksums can be held against what is here.
 */
export function isInFragment(layers: readonly ParsedLayer[], index: number): boolean {
  return layers.slice(0, index).some(({ definition, values }) => definition.isFragment?.(values) ?? false);
}
