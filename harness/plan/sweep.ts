import type { ProgramType } from "../model/hook.js";
import type { Packet } from "../model/packet.js";
import type { Sweep } from "../model/scenario.js";

const ethernetBytes = 14;

/** Network headers that bpf_prog_test_run_skb() wants to be whole, by EtherType. */
const networkHeaderBytes: ReadonlyMap<number, number> = new Map([
  [0x0800, 20],
  [0x86dd, 40],
]);

/** Many packets from one: every length, or every bit turned round, in the order of the packet. */
export function sweepPacket(packet: Packet, sweep: Sweep, programType: ProgramType): readonly Packet[] {
  const { bytes } = packet;
  if (sweep === "truncate") {
    const least = Math.min(bytes.length, leastBytes(packet, programType));
    return Array.from({ length: bytes.length - least + 1 }, (_, i) => ({
      ...packet,
      bytes: bytes.slice(0, least + i),
    }));
  }
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const turned = bytes.slice();
    turned[bit >> 3]! ^= 0x80 >> (bit & 7);
    return { ...packet, bytes: turned };
  });
}

/** The shortest packet that every backend takes. */
function leastBytes({ linkType, bytes }: Packet, programType: ProgramType): number {
  if (programType === "xdp" || linkType !== "ethernet") return linkType === "ethernet" ? ethernetBytes : 0;
  const etherType = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  return ethernetBytes + (networkHeaderBytes.get(etherType) ?? 1);
}
