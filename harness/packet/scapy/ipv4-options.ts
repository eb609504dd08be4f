import { joinBytes } from "../join-bytes.js";
import { argumentsOf, asOptions, bytesOf, callsOf, numberOf, rawBytes } from "./arguments.js";
import { scapyError } from "./fault.js";
import type { SpecialValue } from "./field.js";
import { formatPythonBytes } from "./python-bytes.js";
import type { Call } from "./syntax.js";

/** `IPOption(option=7, value=b"…")`: without the subclasses, which look into the value and want it valid. */
export const ipv4Options: SpecialValue = {
  read: (value) => asOptions(joinBytes(callsOf(value).map(readIpOption))),
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const single = bytes[at]! < 2;
      const size = single ? 1 : (bytes[at + 1] ?? 0);
      if (size < (single ? 1 : 2) || at + size > bytes.length) return undefined;
      options.push(writeIpOption(bytes.subarray(at, at + size)));
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function writeIpOption(option: Uint8Array): string {
  const type = option[0]!;
  if (type < 2) return type === 0 ? "IPOption_EOL()" : "IPOption_NOP()";
  const copied = type & 0x80 ? "copy_flag=1, " : "";
  const optionClass = type & 0x60 ? `optclass=${(type >> 5) & 3}, ` : "";
  const value = option.length > 2 ? `, value=${formatPythonBytes(option.subarray(2))}` : "";
  return `IPOption(${copied}${optionClass}option=${type & 0x1f}${value})`;
}

function readIpOption(call: Call): Uint8Array {
  if (call.name === "Raw") return rawBytes(call);
  if (call.name === "IPOption_NOP") return Uint8Array.of(1);
  if (call.name === "IPOption_EOL") return Uint8Array.of(0);
  if (call.name !== "IPOption") throw scapyError(call.at, `${call.name} is not known here`, 'write IPOption(b"…")');
  const first = call.arguments[0];
  if (first && first.name === undefined) return bytesOf(first.value);
  const names = ["copy_flag", "optclass", "option", "length", "value"];
  const given = argumentsOf(call, names);
  const number = (name: string, bits: number): number => (given.has(name) ? numberOf(given.get(name)!.value, bits) : 0);
  const type = (number("copy_flag", 1) << 7) | (number("optclass", 2) << 5) | number("option", 5);
  const data = given.has("value") ? bytesOf(given.get("value")!.value) : new Uint8Array();
  const length = given.has("length") ? number("length", 8) : data.length + 2;
  return joinBytes([Uint8Array.of(type, length), data]);
}
