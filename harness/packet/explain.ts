import type { Coverage } from "./coverage.js";
import type { LayerContext, ParsedField, ParsedPacket } from "./protocol.js";

/** One sentence: which single mistake gives the wrong sum that is there; undefined where none does. */
export function explainChecksum(
  context: LayerContext,
  field: ParsedField,
  coverage: Coverage,
  before: ParsedPacket | undefined,
): string | undefined {
  return undefined;
}
