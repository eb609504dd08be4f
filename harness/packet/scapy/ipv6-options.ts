import { joinBytes } from "../join-bytes.js";
import { argumentsOf, asOptions, bytesOf, callsOf, numberOf, rawBytes, wide } from "./arguments.js";
import { scapyError } from "./fault.js";
import type { SpecialValue } from "./field.js";
import { formatPythonBytes } from "./python-bytes.js";
import type { Call } from "./syntax.js";

/** Options of an extension header, with the alignment that Scapy gives those it knows (`alignment_delta`). */
interface KnownOption {
  readonly code: number;
  readonly field: string;
  readonly dataBytes: number;
  readonly align: readonly [multiple: number, offset: number];
}

const knownOptions: Readonly<Record<string, KnownOption>> = {
  RouterAlert: { code: 5, field: "value", dataBytes: 2, align: [2, 0] },
  Jumbo: { code: 0xc2, field: "jumboplen", dataBytes: 4, align: [4, 2] },
};

export const ipv6Options: SpecialValue = {
  read: (value, call) => {
    const autopad = call.arguments.find(({ name }) => name === "autopad")?.value;
    const isPadded = autopad === undefined || numberOf(autopad, 1) === 1;
    let bytes: Uint8Array = new Uint8Array();
    for (const option of callsOf(value)) {
      const [multiple, offset] = (isPadded && knownOptions[option.name]?.align) || [1, 0];
      // Type and length of the header are in front of the options.
      const gap = (((offset - bytes.length - 2) % multiple) + multiple) % multiple;
      bytes = joinBytes([bytes, paddingOption(gap), readIpv6Option(option)]);
    }
    if (!isPadded && (bytes.length + 2) % 8 !== 0) {
      throw scapyError(value.at, `${bytes.length} bytes of options do not fill units of 8`, "leave autopad=0 out");
    }
    return asOptions(bytes);
  },
  write: (bytes) => {
    const options: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const code = bytes[at]!;
      const size = code === 0 ? 1 : 2 + (bytes[at + 1] ?? 256);
      if (at + size > bytes.length) return undefined;
      const data = bytes.subarray(at + 2, at + size);
      if (code === 0) options.push("Pad1()");
      else if (code === 1) options.push(`PadN(optdata=${formatPythonBytes(data)})`);
      else if (code === 5 && data.length === 2) options.push(`RouterAlert(value=${(data[0]! << 8) | data[1]!})`);
      else options.push(`HBHOptUnknown(otype=${code}, optdata=${formatPythonBytes(data)})`);
      at += size;
    }
    return `[${options.join(", ")}]`;
  },
};

function paddingOption(bytes: number): Uint8Array {
  if (bytes < 2) return new Uint8Array(bytes);
  const padding = new Uint8Array(bytes);
  padding.set([1, bytes - 2]);
  return padding;
}

function readIpv6Option(call: Call): Uint8Array {
  if (call.name === "Pad1") return Uint8Array.of(0);
  if (call.name === "Raw") return rawBytes(call);
  const known = knownOptions[call.name];
  if (known) {
    const given = argumentsOf(call, [known.field, "otype", "optlen"]);
    const number = (name: string, bits: number, fallback: number): number =>
      given.has(name) ? numberOf(given.get(name)!.value, bits) : fallback;
    const [type, length] = [number("otype", 8, known.code), number("optlen", 8, known.dataBytes)];
    return joinBytes([Uint8Array.of(type, length), wide(number(known.field, 8 * known.dataBytes, 0), known.dataBytes)]);
  }
  if (call.name !== "PadN" && call.name !== "HBHOptUnknown") {
    throw scapyError(call.at, `${call.name} is not known here`, 'write HBHOptUnknown(otype=…, optdata=b"…")');
  }
  const given = argumentsOf(call, ["otype", "optlen", "optdata"]);
  const data = given.has("optdata") ? bytesOf(given.get("optdata")!.value) : new Uint8Array();
  const code = given.has("otype") ? numberOf(given.get("otype")!.value, 8) : 1;
  const length = given.has("optlen") ? numberOf(given.get("optlen")!.value, 8) : data.length;
  return joinBytes([Uint8Array.of(code, length), data]);
}
