import { harnessError } from "../../model/error.js";
import { join } from "../options.js";

/** RFC 1035 §2.3.4. */
const maxLabelBytes = 63;
const maxNameBytes = 255;
const pointerBits = 0xc0;

/**
 * The name at `at`, as text: labels between dots, `.` for the root; dots, backslashes and bytes beyond
 * printable ASCII escaped as in zone files (RFC 1035 §5.1). Undefined for a name that runs out of the
 * message, is too long, or whose compression pointers do not lead strictly backwards, so never a loop.
 */
export function decodeName(
  bytes: Uint8Array,
  messageBytes: number,
  at: number,
  endBytes: number,
): { readonly name: string; readonly endBytes: number } | undefined {
  const labels: string[] = [];
  let position = at;
  let earliest = at;
  let behind: number | undefined;
  let sizeBytes = 1;
  while (position < endBytes) {
    const length = bytes[position]!;
    if (length === 0) return { name: labels.join(".") || ".", endBytes: behind ?? position + 1 };
    if ((length & pointerBits) === pointerBits) {
      if (position + 1 >= endBytes) return undefined;
      const target = messageBytes + (((length & ~pointerBits) << 8) | bytes[position + 1]!);
      behind ??= position + 2;
      if (target >= earliest) return undefined;
      position = earliest = target;
      continue;
    }
    sizeBytes += 1 + length;
    if (length > maxLabelBytes || sizeBytes > maxNameBytes || position + 1 + length > endBytes) return undefined;
    labels.push(labelText(bytes.subarray(position + 1, position + 1 + length)));
    position += 1 + length;
  }
  return undefined;
}

function labelText(label: Uint8Array): string {
  return Array.from(label, (byte) => {
    const char = String.fromCharCode(byte);
    if (char === "." || char === "\\") return `\\${char}`;
    return byte > 0x20 && byte < 0x7f ? char : `\\${String(byte).padStart(3, "0")}`;
  }).join("");
}

/** The labels of a name in text form, each as bytes. Throws HarnessError `packet`. */
export function parseName(text: string): readonly Uint8Array[] {
  if (text === "." || text === "") return [];
  const labels: number[][] = [[]];
  for (const [token] of text.replace(/\.$/, (dot) => (text.endsWith("\\.") ? dot : "")).matchAll(/\\\d{3}|\\?./gsu)) {
    if (token === ".") labels.push([]);
    else if (/^\\\d{3}$/.test(token)) labels.at(-1)!.push(Number(token.slice(1)));
    else labels.at(-1)!.push(...new TextEncoder().encode(token.replace(/^\\/, "")));
  }
  const size = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  if (size > maxNameBytes || labels.some((label) => label.length === 0 || label.length > maxLabelBytes)) {
    throw harnessError("packet", `'${text}' is not a domain name`, {
      hint: `labels have 1 to ${maxLabelBytes} bytes, a name at most ${maxNameBytes} in all`,
    });
  }
  if (labels.some((label) => label.some((byte) => byte > 255))) {
    throw harnessError("packet", `'${text}' has an escape above \\255`);
  }
  return labels.map((label) => Uint8Array.from(label));
}

/**
 * Wire form, compressed: the longest tail whose bytes already stand in the message (`before`, from its
 * first byte) becomes a pointer to them. Wherever such bytes stand, they read as that name.
 */
export function encodeName(text: string, before: Uint8Array): Uint8Array {
  const labels = parseName(text).map((label) => join([Uint8Array.of(label.length), label]));
  for (let kept = 0; kept < labels.length; kept++) {
    const tail = join([...labels.slice(kept), Uint8Array.of(0)]);
    const found = indexOf(before, tail);
    if (found >= 0 && found < 0x4000) {
      return join([...labels.slice(0, kept), Uint8Array.of(pointerBits | (found >> 8), found & 0xff)]);
    }
  }
  return join([...labels, Uint8Array.of(0)]);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
