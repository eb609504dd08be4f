/** The two addresses that packets have by default, so that `send` reaches the default topology's devices. */
const wellKnown: ReadonlyMap<string, string> = new Map([
  ["client:eth0", "02:00:00:00:00:01"],
  ["dut:eth0", "02:00:00:00:00:02"],
]);

/**
 * The MAC address of an interface for which the scenario gives none: locally administered, the same
 * on every machine, from the 32-bit FNV-1a hash of `host:dev`. The second byte, 0x70, keeps it apart from
 * the small addresses that people write by hand.
 */
export function generatedMac(place: string): string {
  const known = wellKnown.get(place);
  if (known) return known;
  let hash = 0x811c9dc5;
  for (let i = 0; i < place.length; i++) hash = Math.imul(hash ^ place.charCodeAt(i), 0x01000193);
  const bytes = [0x02, 0x70, hash >>> 24, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
