/** Protocol numbers of IPv6 extension headers that say their length in units of 8 bytes behind the first 8. */
export const extensions: ReadonlySet<number> = new Set([0, 43, 60]);

/** Where the headers of a frame are, as far as they are there. */
export interface Headers {
  readonly version: 4 | 6;
  readonly network: number;
  readonly protocol: number;
  /** Behind options and extension headers. */
  readonly transport: number;
}

/** Of IPv4 and IPv6 behind VLAN tags; undefined for other frames, and later fragments. */
export function headersOf(bytes: Uint8Array, size: number): Headers | undefined {
  let at = 12;
  let type = u16(bytes, at);
  for (at += 2; (type === 0x8100 || type === 0x88a8) && at + 4 <= size; at += 4) type = u16(bytes, at + 2);
  if (type === 0x0800 && at + 20 <= size && (u16(bytes, at + 6) & 0x1fff) === 0)
    return { version: 4, network: at, protocol: bytes[at + 9]!, transport: at + (bytes[at]! & 15) * 4 };
  if (type !== 0x86dd || at + 40 > size) return undefined;
  let protocol = bytes[at + 6]!;
  let transport = at + 40;
  for (; extensions.has(protocol) && transport + 8 <= size; transport += 8 * (bytes[transport + 1]! + 1))
    protocol = bytes[transport]!;
  return { version: 6, network: at, protocol, transport };
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
