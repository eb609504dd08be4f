import { HarnessError } from "../model/error.js";
import type { FieldDef } from "../packet/protocol.js";
import type { Plain } from "../packet/field-value.js";
import { type Invalid, type Report, invalid } from "./decoder.js";
import type { Node } from "./node.js";

/**
 * A node as the packet code takes values. In a field of bytes an unquoted number stays the digits
 * that were written: `00112233` is four bytes, not 112233.
 */
export function plainOf(node: Node, def?: FieldDef): Plain {
  if (node.kind === "list") return node.items.map((item) => plainOf(item));
  if (node.kind === "map") {
    return Object.fromEntries(
      node.entries.map(({ key, value }) => [key, plainOf(value, key === "hex" || key === "text" ? def : undefined)]),
    );
  }
  const digits = def?.kind === "bytes" && (typeof node.value === "number" || typeof node.value === "bigint");
  return digits ? node.source : node.value;
}

/** Runs packet code on a node's value; what it throws becomes a report at the node. */
export function attempt<T>(node: Node, report: Report, run: () => T): T | Invalid {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    for (const { message, hint } of error.diagnostics) report(node.span, message, hint);
    return invalid;
  }
}
