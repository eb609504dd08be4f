import { readUint } from "../bits.js";
import type { Content } from "../protocol.js";

const headerBytes = 12;

/** Whether the counts of a would-be DNS header fit into the bytes behind it: text on port 53 is no message. */
export function looksLikeDns({ bytes, startBytes, endBytes }: Content): boolean {
  if (endBytes - startBytes < headerBytes) return false;
  const [questions, ...records] = [4, 6, 8, 10].map((at) => Number(readUint(bytes, (startBytes + at) * 8, 16)));
  const leastBytes = 5 * questions! + 11 * records.reduce((sum, count) => sum + count, 0);
  return leastBytes <= endBytes - startBytes - headerBytes;
}
