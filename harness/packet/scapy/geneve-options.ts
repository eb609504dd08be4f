import { joinBytes } from "../join-bytes.js";
import { argumentsOf, asOptions, bytesOf, callsOf, numberOf, rawBytes, wide } from "./arguments.js";
import { scapyError } from "./fault.js";
import type { SpecialValue } from "./field.js";
import { formatPythonBytes } from "./python-bytes.js";
import type { Call } from "./syntax.js";

export const geneveOptions: SpecialValue = {
  read: (value) => asOptions(joinBytes(callsOf(value).map(readGeneveOption))),
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 4 + ((bytes[at + 3] ?? 0) & 0x1f) * 4;
      if (at + size > bytes.length) return undefined;
      const fields = [`classid=${(bytes[at]! << 8) | bytes[at + 1]!}`, `type=${bytes[at + 2]!}`];
      if (bytes[at + 3]! >> 5) fields.push(`reserved=${bytes[at + 3]! >> 5}`);
      if (size > 4) fields.push(`data=${formatPythonBytes(bytes.subarray(at + 4, at + size))}`);
      options.push(`GeneveOptions(${fields.join(", ")})`);
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function readGeneveOption(call: Call): Uint8Array {
  if (call.name === "Raw") return rawBytes(call);
  if (call.name !== "GeneveOptions") throw scapyError(call.at, `expected GeneveOptions, found ${call.name}`);
  const given = argumentsOf(call, ["classid", "type", "reserved", "length", "data"]);
  const number = (name: string, bits: number): number => (given.has(name) ? numberOf(given.get(name)!.value, bits) : 0);
  const data = given.has("data") ? bytesOf(given.get("data")!.value) : new Uint8Array();
  const length = given.has("length") ? number("length", 5) : data.length >> 2;
  return joinBytes([
    wide(number("classid", 16), 2),
    Uint8Array.of(number("type", 8), (number("reserved", 3) << 5) | length),
    data,
  ]);
}
