import { harnessError } from "../model/error.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    text += (left > 1 ? alphabet[(group >> 6) & 63]! : "=") + (left > 2 ? alphabet[group & 63]! : "=");
  }
  return text;
}

/**
 * Strict: white space may be anywhere, but a foreign character, missing padding or stray bits in the
 * last character are errors, never a shorter packet. Throws HarnessError `packet`.
 */
export function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/\s/g, "");
  const foreign = /[^A-Za-z0-9+/=]/.exec(digits);
  if (foreign) throw harnessError("packet", `'${foreign[0]}' is no base64 character`);
  if (digits.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(digits)) {
    throw harnessError("packet", `${digits.length} base64 characters: expected groups of four, filled up with '='`);
  }
  const padding = digits.endsWith("==") ? 2 : digits.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((digits.length / 4) * 3 - padding);
  for (let at = 0, out = 0; at < digits.length; at += 4) {
    let group = 0;
    for (let i = at; i < at + 4; i++) group = (group << 6) | Math.max(0, alphabet.indexOf(digits[i]!));
    const isLast = at + 4 === digits.length;
    if (isLast && padding > 0 && group & (2 ** (8 * padding) - 1)) {
      throw harnessError("packet", "the last base64 character has bits that belong to no byte: something is cut off");
    }
    for (let shift = 16; shift >= 0 && out < bytes.length; shift -= 8) bytes[out++] = (group >> shift) & 0xff;
  }
  return bytes;
}
