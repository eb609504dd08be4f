import { nearest } from "../../model/nearest.js";
import { joinBytes } from "../join-bytes.js";
import type { SpecialValue } from "./field.js";
import { asOptions, bytesOf, numberOf, wide } from "./arguments.js";
import { formatPythonBytes } from "./python-bytes.js";
import { scapyError } from "./fault.js";
import type { Value } from "./syntax.js";

/** Scapy's names of TCP options, and the sizes of the numbers in them; undefined = bytes. */
const options: Readonly<Record<string, { readonly kind: number; readonly numberBytes?: readonly number[] }>> = {
  EOL: { kind: 0 },
  NOP: { kind: 1 },
  MSS: { kind: 2, numberBytes: [2] },
  WScale: { kind: 3, numberBytes: [1] },
  SAckOK: { kind: 4 },
  /** As many numbers as there are. */
  SAck: { kind: 5 },
  Timestamp: { kind: 8, numberBytes: [4, 4] },
  AltChkSum: { kind: 14, numberBytes: [1, 2] },
  AltChkSumOpt: { kind: 15 },
  MD5: { kind: 19 },
  UTO: { kind: 28, numberBytes: [2] },
  TFO: { kind: 34, numberBytes: [4, 4] },
};

const eol = 0;
const nop = 1;
const sack = 5;

/** `[("MSS", 1460), ("NOP", None), ("SAckOK", b""), (254, b"..")]`. */
export const tcpOptions: SpecialValue = {
  read: (value) => {
    if (value.kind === "bytes" && value.value.length === 0) return [];
    if (value.kind !== "list") throw scapyError(value.at, 'expected a list such as [("MSS", 1460)]');
    return asOptions(joinBytes(value.items.map(readOption)));
  },
  write: (bytes) => {
    const written: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const kind = bytes[at]!;
      const size = kind === eol || kind === nop ? 1 : (bytes[at + 1] ?? 0);
      // Zeroes up to a multiple of four are Scapy's own padding.
      if (kind === eol && bytes.length - at < 4 && bytes.subarray(at).every((byte) => byte === 0)) break;
      if (size < 1 || (size < 2 && kind > nop) || at + size > bytes.length) return undefined;
      written.push(writeOption(kind, bytes.subarray(at + 2, at + size)));
      at += size;
    }
    return `[${written.join(", ")}]`;
  },
};

function readOption(option: Value): Uint8Array {
  if (option.kind !== "list" || option.items.length !== 2) {
    throw scapyError(option.at, "expected a pair of name and value", 'for example ("MSS", 1460) or ("NOP", None)');
  }
  const [name, value] = option.items as readonly [Value, Value];
  const known = name.kind === "bytes" ? options[textOf(name.value)] : undefined;
  if (name.kind === "bytes" && !known) {
    const close = nearest(textOf(name.value), Object.keys(options));
    const hint = close ? `did you mean "${close}"?` : 'others are written by number: (254, b"..")';
    throw scapyError(name.at, `no TCP option is called "${textOf(name.value)}"`, hint);
  }
  const kind = known?.kind ?? numberOf(name, 8);
  if (kind === eol || kind === nop) return Uint8Array.of(kind);
  const data = readData(value, kind, known?.numberBytes);
  if (data.length > 253) throw scapyError(value.at, `${data.length} bytes are too long for one option`);
  return joinBytes([Uint8Array.of(kind, data.length + 2), data]);
}

function readData(value: Value, kind: number, numberBytes: readonly number[] | undefined): Uint8Array {
  if (value.kind === "bytes" || value.kind === "none") return bytesOf(value);
  const numbers = value.kind === "list" ? value.items : [value];
  const sizes = kind === sack ? numbers.map(() => 4) : numberBytes;
  if (!sizes) throw scapyError(value.at, 'this option takes bytes, such as b"\\x01"');
  if (sizes.length !== numbers.length) {
    throw scapyError(value.at, `this option takes ${sizes.length} numbers, found ${numbers.length}`);
  }
  return joinBytes(numbers.map((number, i) => wide(numberOf(number, 8 * sizes[i]!), sizes[i]!)));
}

function writeOption(kind: number, data: Uint8Array): string {
  const found = Object.entries(options).find(([, option]) => option.kind === kind);
  const [name, option] = found ?? [];
  if (kind === eol || kind === nop) return `("${name!}", None)`;
  if (kind === sack && data.length > 0 && data.length % 4 === 0) {
    return `("SAck", (${numbersOf(data, new Array<number>(data.length / 4).fill(4)).join(", ")},))`;
  }
  if (name !== undefined && data.length === 0 && !option?.numberBytes) return `("${name}", b"")`;
  if (option?.numberBytes && data.length === option.numberBytes.reduce((sum, size) => sum + size, 0)) {
    const numbers = numbersOf(data, option.numberBytes);
    return `("${name!}", ${numbers.length === 1 ? numbers[0]! : `(${numbers.join(", ")})`})`;
  }
  return `(${kind}, ${formatPythonBytes(data)})`;
}

function numbersOf(data: Uint8Array, sizes: readonly number[]): readonly number[] {
  let at = 0;
  return sizes.map((size) => {
    const number = data.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
    at += size;
    return number;
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
