import type { ProgramType } from "../../model/hook.js";
import type { Packet } from "../../model/packet.js";
import { whyNotTaken } from "./packet-hook.js";
import { mostLinearBytes } from "./skb-packet.js";

const ethernetBytes = 14;

/** Shortest network header by EtherType, where bpf_prog_test_run_skb() wants one to be there (seen on Linux 6.18). */
const networkHeaderBytes: ReadonlyMap<number, number> = new Map([
  [0x0800, 20],
  [0x86dd, 40],
]);

/**
 * Why BPF_PROG_TEST_RUN does not take a packet, as the rest of "packet 2 …"; undefined where it does. Stricter than
 * what the simulator can run: no IP header is cut off there.
 */
export function whyTestRunRefuses(type: ProgramType, packet: Packet, frags = false): string | undefined {
  const reason = whyNotTaken(type, packet, frags);
  if (reason !== undefined || type === "xdp" || type === "sk_lookup") return reason;
  const { linkType, bytes } = packet;
  if (type !== "flow_dissector" && bytes.length > mostLinearBytes)
    return `has ${bytes.length} bytes: ${mostLinearBytes} at most are linear`;
  const behind = linkType === "ethernet" ? bytes.length - ethernetBytes : bytes.length;
  const needed = networkHeaderBytes.get(etherType(packet)) ?? 0;
  return behind < needed ? `has ${behind} bytes of an IP header of ${needed} at least` : undefined;
}

/** Packets without an Ethernet header get one by their IP version. */
function etherType({ linkType, bytes }: Packet): number {
  if (linkType !== "ethernet") return bytes[0]! >> 4 === 6 ? 0x86dd : 0x0800;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(12);
}
