import { harnessError } from "../model/error.js";

/** Six bytes from `02:00:00:00:00:01` (also with `-`, or Cisco's `0200.0000.0001`). */
export function parseMac(text: string): Uint8Array {
  const digits = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$|^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i.test(text)
    ? text.replace(/[:.-]/g, "")
    : undefined;
  if (digits === undefined) {
    throw harnessError("packet", `'${text}' is not a MAC address`, { hint: "write six bytes as 02:00:00:00:00:01" });
  }
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Four bytes from `10.0.0.1`. Octal-looking parts (`010`) are refused: programs disagree on them. */
export function parseIpv4(text: string): Uint8Array {
  const parts = text.split(".");
  const numbers = parts.map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : NaN));
  if (numbers.length !== 4 || numbers.some((n) => !(n <= 255))) {
    throw harnessError("packet", `'${text}' is not an IPv4 address`, {
      hint: "write four numbers from 0 to 255 without leading zeroes, as 10.0.0.1",
    });
  }
  return Uint8Array.from(numbers);
}

export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** Sixteen bytes from any text form of RFC 4291 §2.2, with `::` and an IPv4 tail; no zone index. */
export function parseIpv6(text: string): Uint8Array {
  const words = ipv6Words(text);
  if (words === undefined) {
    throw harnessError("packet", `'${text}' is not an IPv6 address`, {
      hint: "write eight groups of hex digits with at most one ::, as fd00::1",
    });
  }
  const bytes = new Uint8Array(16);
  words.forEach((word, i) => {
    bytes[2 * i] = word >> 8;
    bytes[2 * i + 1] = word & 0xff;
  });
  return bytes;
}

function ipv6Words(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => wordsOf(half, i === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function wordsOf(half: string, last: boolean): number[] | undefined {
  if (half === "") return [];
  const words: number[] = [];
  const groups = half.split(":");
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) words.push(Number.parseInt(group, 16));
    else if (last && i === groups.length - 1 && group.includes(".")) {
      const tail = group.split(".");
      if (tail.length !== 4 || tail.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return;
      const [a, b, c, d] = tail.map(Number);
      words.push((a! << 8) | b!, (c! << 8) | d!);
    } else return undefined;
  }
  return words;
}

/** RFC 5952: lower case, the longest run of zero groups (the first of equals, at least two) as `::`. */
export function formatIpv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const run = longestZeroRun(words);
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(":");
  if (run.length >= 2) return `${hex(words.slice(0, run.start))}::${hex(words.slice(run.start + run.length))}`;
  return hex(words);
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
