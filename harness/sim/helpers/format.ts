import type { Arena } from "../arena.js";
import { byteText } from "../byte-text.js";
import { errno } from "../errno.js";

const conversion = /%(%|(0?)(\d*)(l{0,2})([diuxXcs])|(p)([iI][46]|[kux]?[sS]?)?)/g;

/**
 * Formats as bpf_trace_printk() and bpf_snprintf() do (bpf_bprintf_prepare of kernel/trace/bpf_trace.c):
 * %d %i %u %x %X with l and ll, a width, %c, %s, %p and addresses with %pi4, %pI4, %pi6, %pI6.
 *
 * @returns the text, a character for each byte, or a negative errno for a format that the kernel refuses
 */
export function formatText(arena: Arena, format: Uint8Array, values: readonly bigint[]): string | number {
  const end = format.indexOf(0);
  if (end < 0) return -errno.EINVAL;
  const template = byteText(format.subarray(0, end));
  let next = 0;
  let refused = template.replace(conversion, "").includes("%");
  const text = template.replace(conversion, (...groups: string[]) => {
    const [, kind, zeroes, width, length, letter, pointer, extension] = groups;
    if (kind === "%") return "%";
    const value = values[next++];
    if (value === undefined) {
      refused = true;
      return "";
    }
    if (pointer) return formatPointer(arena, value, extension ?? "");
    return formatValue(arena, value, length!, letter!).padStart(Number(width), zeroes ? "0" : " ");
  });
  return refused ? -errno.EINVAL : text;
}

function formatValue(arena: Arena, value: bigint, length: string, letter: string): string {
  const bits = length === "" ? 32 : 64;
  const unsigned = BigInt.asUintN(bits, value);
  switch (letter) {
    case "c":
      return String.fromCharCode(Number(unsigned & 0xffn));
    case "s":
      return byteText(arena.readText(Number(value)).subarray(0, -1));
    case "x":
      return unsigned.toString(16);
    case "X":
      return unsigned.toString(16).toUpperCase();
    case "u":
      return unsigned.toString();
    default:
      return BigInt.asIntN(bits, value).toString();
  }
}

/** Addresses: with I in the usual form, with i in one of fixed width. */
function formatPointer(arena: Arena, value: bigint, extension: string): string {
  switch (extension) {
    case "I4":
      return [...arena.read(Number(value), 4)].join(".");
    case "i4":
      return [...arena.read(Number(value), 4)].map((byte) => String(byte).padStart(3, "0")).join(".");
    case "I6":
    case "i6": {
      const hex = [...arena.read(Number(value), 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return extension === "i6" ? hex : hex.replace(/(.{4})(?!$)/g, "$1:");
    }
    default:
      return value.toString(16).padStart(16, "0");
  }
}
