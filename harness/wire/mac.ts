/** The six bytes of `02:00:00:00:00:01`, which the scenario's parser has checked. */
export function parseMacBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(":"), (byte) => Number.parseInt(byte, 16));
}
