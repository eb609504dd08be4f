import { harnessError } from "../model/error.js";
import { sameBytes } from "../model/hex.js";
import type { FieldValue } from "../model/packet.js";
import type { LayerSpec, Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { encodeFields } from "./header.js";
import type { ParsedPacket, Protocol } from "./protocol.js";
import { fieldHint, findField, findProtocol, protocolHint } from "./protocols.js";
import { type Plain, parseFieldValue } from "./field-value.js";

const start = { line: 1, column: 1, offset: 0 };

/** Where a layer is that no file describes. */
export const nowhere: Span = { file: "<program>", start, end: start };

/**
 * A layer from plain values: `layer("ipv4", {src: "10.0.0.1", ttl: 1})`, or the one field that the protocol
 * is mostly about: `layer("payload", "hello")`, `layer("vlan", 100)`. Throws HarnessError `packet`.
 */
export function layer(name: string, written: Plain = {}, span: Span = nowhere): LayerSpec {
  const protocol = findProtocol(name);
  if (protocol === undefined) {
    throw harnessError("packet", `there is no protocol '${name}'`, { span, hint: protocolHint(name) });
  }
  const fields: Record<string, Located<FieldValue>> = {};
  for (const [key, value] of Object.entries(namedFields(protocol, written))) {
    const def = findField(protocol, key);
    if (def === undefined) {
      throw harnessError("packet", `${name} has no field '${key}'`, { span, hint: fieldHint(protocol, key) });
    }
    fields[key] = { value: parseFieldValue(def, value), span };
  }
  return { protocol: name, fields, span };
}

/**
 * What is written behind a protocol's name, as fields: `vlan: 100` means its `id`, and
 * `payload: hello` or `payload: {size: 100}` its `data`.
 */
export function namedFields(protocol: Protocol, written: Plain): { readonly [name: string]: Plain } {
  const { shorthand } = protocol;
  const isMap = typeof written === "object" && written !== null && !Array.isArray(written);
  if (!isMap || written instanceof Uint8Array) return { [shorthand ?? "value"]: written };
  const map = written as { readonly [name: string]: Plain };
  const short = shorthand === undefined ? undefined : findField(protocol, shorthand);
  const isValue = short?.kind === "bytes" && ["text", "hex", "size"].some((key) => Object.hasOwn(map, key));
  return isValue ? { [short.name]: map } : map;
}

/**
 * The layers of a packet with every field written out, so that building them gives the same bytes
 * however wrong its lengths and checksums are. A header that fields cannot express to the byte (cut
 * off, names compressed in another way) becomes a payload.
 */
export function layersOf(parsed: ParsedPacket): readonly LayerSpec[] {
  return parsed.layers.map((parsedLayer) => {
    const { protocol, definition, fields, values, offsetBytes, headerBytes } = parsedLayer;
    const raw = parsed.bytes.slice(offsetBytes, offsetBytes + headerBytes);
    const exact = sameBytes(encodeFields(definition.fields, values).bytes, raw);
    const written = exact ? fields.map(({ def, value }) => [def.name, { value, span: nowhere }] as const) : [];
    return {
      protocol: exact ? protocol : "payload",
      fields: exact ? Object.fromEntries(written) : { data: { value: raw, span: nowhere } },
      span: nowhere,
    };
  });
}
