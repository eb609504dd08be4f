import { formatFieldValue } from "../field-value.js";
import type { Content, FieldDef, Values } from "../protocol.js";

/** The first byte of either ICMP: which message it is. Without it in a scenario: an echo request. */
export function messageType(types: Readonly<Record<string, number>> & { readonly echo: number }): FieldDef {
  return { name: "type", kind: "uint", sizeBits: 8, names: types, default: types.echo, doc: "message" };
}

/** For a field that only some messages have. */
export function onlyIn(...wanted: readonly number[]): (values: Values) => boolean {
  return (values) => wanted.includes(values["type"] as number);
}

/** Errors quote the packet that caused them; whether it is one shows in its version. */
export function quotedBy(errors: readonly number[], version: 4 | 6): (values: Values, content: Content) => string {
  return (values, { bytes, startBytes, endBytes }) => {
    const isError = errors.includes(values["type"] as number);
    return isError && startBytes < endBytes && bytes[startBytes]! >> 4 === version ? `ipv${version}` : "payload";
  };
}

/** What one-line summaries begin with: `echo`, `unreachable code 3`, `echo id 1 seq 1`. */
export function messageTitle(typeDef: FieldDef, { type, code, id, seq }: Values): string {
  const name = `${formatFieldValue(typeDef, type!)}${code === 0 ? "" : ` code ${code as number}`}`;
  return id === undefined ? name : `${name} id ${id as number} seq ${seq as number}`;
}
