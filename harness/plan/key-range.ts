import type { MapSpec } from "../model/object.js";
import type { Written } from "../model/scenario.js";
import { parseAddress } from "../data/address.js";
import { formatIpv4, formatIpv6 } from "../packet/address.js";
import { wrong, type PlanContext } from "./context.js";
import { planKey } from "./map-key.js";

/** More keys than any shipped map holds; a larger range is a slip of the pen. */
const mostKeys = 1_048_576n;

const addressFamilies = [
  { sizeBytes: 4, format: formatIpv4 },
  { sizeBytes: 16, format: formatIpv6 },
] as const;

/** `0..39`, `10.0.0.1..10.0.3.232`, `fd00::1..fd00::ff`: every key from the first to the last, both included. */
export function planKeyRange(context: PlanContext, map: MapSpec, written: Written): readonly Uint8Array[] {
  const range = readRange(written);
  if (!range || range.last < range.first) {
    const message = range ? "the range ends before it begins" : "'keys' is a range of numbers or addresses";
    wrong(context, written.span, message, "for example: keys: 0..39, or keys: 10.0.0.1..10.0.0.99");
    return [];
  }
  const count = range.last - range.first + 1n;
  if (count > mostKeys) {
    wrong(context, written.span, `a range has at most ${mostKeys} keys, not ${count}`);
    return [];
  }
  const keys: Uint8Array[] = [];
  for (let at = range.first; at <= range.last; at++) {
    const value = range.valueOf(at);
    const key = planKey(context, map, { kind: "scalar", value, span: written.span });
    // What is wrong with one key is wrong with all that follow.
    if (!key) return [];
    keys.push(key);
  }
  return keys;
}

interface KeyRange {
  readonly first: bigint;
  readonly last: bigint;
  readonly valueOf: (at: bigint) => bigint | string;
}

function readRange(written: Written): KeyRange | undefined {
  const text = written.kind === "scalar" ? String(written.value) : "";
  const [, from, to] = /^(\S+?)\.\.(\S+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  if (/^\d+$/.test(from) && /^\d+$/.test(to)) return { first: BigInt(from), last: BigInt(to), valueOf: (at) => at };
  for (const { sizeBytes, format } of addressFamilies) {
    const [first, last] = [parseAddress(from, sizeBytes), parseAddress(to, sizeBytes)];
    if (!first || !last) continue;
    return { first: toInteger(first), last: toInteger(last), valueOf: (at) => format(toBytes(at, sizeBytes)) };
  }
  return undefined;
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toBytes(value: bigint, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Number((value >> BigInt(8 * (sizeBytes - 1 - i))) & 0xffn));
}
