import { harnessError } from "../../model/error.js";
import { joinBytes } from "../join-bytes.js";

/** RFC 1035 §2.3.4. */
const maxLabelBytes = 63;
const maxNameBytes = 255;
const pointerBits = 0xc0;
const maxPointer = 0x3fff;

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
 * Wire form, compressed: the longest tail that can already be read somewhere in the message (`before`,
 * from its first byte) becomes a pointer to there.
 */
export function encodeName(text: string, before: Uint8Array): Uint8Array {
  const labels = parseName(text);
  const written = (kept: number): readonly Uint8Array[] =>
    labels.slice(0, kept).map((label) => joinBytes([Uint8Array.of(label.length), label]));
  for (let kept = 0; kept < labels.length; kept++) {
    const found = findName(labels.slice(kept), before);
    if (found !== undefined)
      return joinBytes([...written(kept), Uint8Array.of(pointerBits | (found >> 8), found & 0xff)]);
  }
  return joinBytes([...written(labels.length), Uint8Array.of(0)]);
}

function findName(labels: readonly Uint8Array[], message: Uint8Array): number | undefined {
  const wanted = labels.map(labelText).join(".");
  const first = joinBytes([Uint8Array.of(labels[0]!.length), labels[0]!]);
  const last = Math.min(message.length - first.length, maxPointer);
  for (let at = 0; at <= last; at++) {
    if (!first.every((byte, i) => message[at + i] === byte)) continue;
    if (decodeName(message, 0, at, message.length)?.name === wanted) return at;
  }
  return undefined;
}
