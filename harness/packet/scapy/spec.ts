import type { FieldValue } from "../../model/packet.js";
import type { LayerSpec, Located } from "../../model/scenario.js";
import type { Span } from "../../model/span.js";
import type { Protocol } from "../protocol.js";
import { findField, findProtocol } from "../protocols.js";

export function payloadSpec(data: Uint8Array, at: number): LayerSpec {
  return specOf(findProtocol("payload")!, new Map([["data", data]]), at);
}

export function specOf(protocol: Protocol, values: ReadonlyMap<string, FieldValue>, at: number): LayerSpec {
  const span = spanAt(at);
  const fields: Record<string, Located<FieldValue>> = {};
  for (const [name, value] of values) if (findField(protocol, name)) fields[name] = { value, span };
  return { protocol: protocol.name, fields, span };
}

/** Only the offset is used, to give the column of an error. */
function spanAt(offset: number): Span {
  const position = { line: 1, column: offset + 1, offset };
  return { file: "Scapy text", start: position, end: position };
}
