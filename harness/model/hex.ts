import { harnessError } from "./error.js";

/** Lower-case hex without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * Bytes of a hex string; white space, `:`, `-` and a leading `0x` are allowed between bytes.
 * An odd number of digits or a foreign character is an error, never a shorter packet.
 */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/^\s*0x/i, "").replace(/[\s:-]/g, "");
  const foreign = /[^0-9a-f]/i.exec(digits);
  if (foreign) throw harnessError("packet", `'${foreign[0]}' is not a hex digit`);
  if (digits.length % 2 !== 0)
    throw harnessError("packet", `${digits.length} hex digits: an odd number, so half a byte is missing`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Same length and same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
