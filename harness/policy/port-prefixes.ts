import type { PortRange } from "./rule.js";

/** A block of ports as the end of a key: `bits` counts from the key's subject on. */
export interface PortPrefix {
  readonly protocol: number;
  readonly port: number;
  readonly bits: number;
}

/** Bits of subject, peer and direction; of those and the protocol. */
export const everyProtocolBits = 72;
export const everyPortBits = 80;

/** The fewest blocks of 2^n ports that make up a range. */
export function portPrefixes({ protocol, from, to }: PortRange): readonly PortPrefix[] {
  if (protocol === undefined) return [{ protocol: 0, port: 0, bits: everyProtocolBits }];
  const blocks: PortPrefix[] = [];
  for (let port = from; port <= to;) {
    let unused = 0;
    while (unused < 16 && port % (2 << unused) === 0 && port + (2 << unused) - 1 <= to) unused++;
    blocks.push({ protocol, port, bits: everyPortBits + 16 - unused });
    port += 1 << unused;
  }
  return blocks;
}
