import { harnessError } from "../model/error.js";
import { fromHex } from "../model/hex.js";
import type { DataType } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { addressSizeBytes, lpmAddressBytes, parseAddress, parsePrefix } from "./address.js";
import { putNumber } from "./encode-scalar.js";
import { isCharArray } from "./fields.js";
import { writeInteger } from "./integer.js";
import type { Sink } from "./sink.js";
import { integerOf, networkOrderNumber } from "./written.js";

/** An address literal that fills the type, or a prefix for the key of an LPM trie; false for anything else. */
export function putAddress(sink: Sink, type: DataType, offsetBits: number, written: Written): boolean {
  if (written.kind !== "scalar" || typeof written.value !== "string") return false;
  const text = written.value;
  const lpmBytes = lpmAddressBytes(type);
  const prefix = lpmBytes === undefined ? undefined : parsePrefix(text, lpmBytes);
  if (prefix) {
    const place = { offsetBits, sizeBits: 32, signed: false, bigEndian: false };
    writeInteger(sink.bytes, place, BigInt(prefix.lengthBits));
    sink.bytes.set(prefix.address, offsetBits / 8 + 4);
    return true;
  }
  // In a char array that has room for the text it is text: a host may be called `fd00::1`.
  if (isCharArray(type) && text.length <= type.sizeBytes) return false;
  const address = parseAddress(text, type.sizeBytes);
  if (address) sink.bytes.set(address, offsetBits / 8);
  return address !== undefined;
}

/** A number into bytes without a type, as far as there are integers of that size; false for anything else. */
export function putUntypedNumber(
  sink: Sink,
  sizeBytes: number,
  offsetBits: number,
  written: Written,
  what: string,
): boolean {
  const number = networkOrderNumber(written) ?? written;
  const value = integerOf(number);
  if (value === undefined || sizeBytes > 8) return false;
  const place = { offsetBits, sizeBits: sizeBytes * 8, signed: value < 0n, bigEndian: number !== written };
  putNumber(sink, place, number, what);
  return true;
}

export function putHex(
  sink: Sink,
  sizeBytes: number,
  offsetBits: number,
  text: string,
  span: Span,
  what: string,
): void {
  const bytes = sink.problems.attempt(() => hexOf(text, span));
  if (!bytes) return;
  if (bytes.length !== sizeBytes)
    return sink.problem(span, `'${text}' has ${bytes.length} bytes; ${sizeBytes} are needed for ${what}`);
  sink.bytes.set(bytes, offsetBits / 8);
}

function hexOf(text: string, span: Span): Uint8Array {
  // An address of another size than is needed is better called by its size than refused for its dots.
  const addressBytes = addressSizeBytes(text);
  if (addressBytes !== undefined) return new Uint8Array(addressBytes);
  try {
    return fromHex(text);
  } catch {
    throw harnessError("scenario", `'${text}' is neither an address nor hex digits`, {
      span,
      hint: "two digits a byte: 0a000001",
    });
  }
}
