import type { FieldDef, Protocol, Values } from "../protocol.js";

const data: FieldDef = { name: "data", kind: "bytes", sizeBits: 0, text: true, doc: "the bytes themselves" };

function summarizeData(values: Values): string {
  const { length } = values["data"] as Uint8Array;
  return length === 1 ? "1 byte" : `${length} bytes`;
}

export const payload: Protocol = {
  name: "payload",
  doc: "Bytes that no protocol here claims",
  fields: [data],
  shorthand: "data",
  next: () => "payload",
  summarize: summarizeData,
};

export const padding: Protocol = {
  name: "padding",
  doc: "Bytes behind the end that a header's length gives: padding to Ethernet's minimum, trailers",
  fields: [data],
  shorthand: "data",
  next: () => "payload",
  summarize: summarizeData,
};
