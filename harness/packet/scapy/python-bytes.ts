import { scapyError } from "./fault.js";

const simpleEscapes: Readonly<Record<string, number>> = {
  "\\": 0x5c,
  "'": 0x27,
  '"': 0x22,
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
};

const utf8 = new TextEncoder();

/** Bytes of the string that starts at a prefix or quote, and where it ends. Text is encoded as UTF-8. */
export function readPythonString(
  text: string,
  startAt: number,
): { readonly value: Uint8Array; readonly endAt: number } {
  const prefix = /^[a-z]*/i.exec(text.slice(startAt, startAt + 2))![0].toLowerCase();
  let at = startAt + prefix.length;
  const quote = text[at++];
  const bytes: number[] = [];
  for (;;) {
    const character = text.codePointAt(at);
    if (character === undefined) throw scapyError(startAt, "this string has no end", `it needs a closing ${quote}`);
    const symbol = String.fromCodePoint(character);
    if (symbol === quote) return { value: Uint8Array.from(bytes), endAt: at + 1 };
    if (symbol === "\\" && !prefix.includes("r")) {
      const escape = readEscape(text, at);
      bytes.push(...escape.bytes);
      at = escape.endAt;
    } else {
      if (character > 0x7f && prefix.includes("b")) {
        throw scapyError(at, `'${symbol}' is no ASCII, which a b"…" string may not have`, "write bytes as \\xNN");
      }
      bytes.push(...utf8.encode(symbol));
      at += symbol.length;
    }
  }
}

function readEscape(text: string, at: number): { readonly bytes: Iterable<number>; readonly endAt: number } {
  const next = text[at + 1];
  if (next !== undefined && next in simpleEscapes) return { bytes: [simpleEscapes[next]!], endAt: at + 2 };
  const octal = /^\\([0-7]{1,3})/.exec(text.slice(at, at + 4));
  if (octal) return { bytes: [Number.parseInt(octal[1]!, 8) & 0xff], endAt: at + octal[0].length };
  const hex = /^\\x([\da-f]{2})/i.exec(text.slice(at, at + 4));
  if (hex) return { bytes: [Number.parseInt(hex[1]!, 16)], endAt: at + 4 };
  throw scapyError(at, `'\\${next ?? ""}' is no escape that bytes have`, "write bytes as \\xNN");
}

/** A `b"…"` literal, as Python itself prints it but for the quotes. */
export function formatPythonBytes(bytes: Uint8Array): string {
  let text = 'b"';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") text += `\\${character}`;
    else if (byte >= 0x20 && byte < 0x7f) text += character;
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `${text}"`;
}
