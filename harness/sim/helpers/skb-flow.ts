import { toHex } from "../../model/hex.js";
import { parsePacket } from "../../packet/parse.js";
import { skbField } from "../hooks/skb-fields.js";
import { networkOrder, type SkbPacket } from "../hooks/skb-packet.js";
import type { HelperTable } from "./table.js";

/** Helpers about the flow that a packet belongs to. */
export function skbFlowHelpers(packet: SkbPacket): HelperTable {
  const { view } = packet.arena;
  return {
    // bpf_get_hash_recalc(skb): the kernel's key is random, so any hash of the flow is as right as its own
    34: () => {
      const at = packet.context + skbField.hash;
      if (view.getUint32(at, true) === 0) view.setUint32(at, flowHash(packet.frame()), true);
      return view.getUint32(at, true);
    },
    // bpf_skb_ecn_set_ce(skb)
    97: () => setCongestionExperienced(packet),
  };
}

/** The same for both directions, as __skb_get_hash() is; never 0, which would be no hash. */
function flowHash(frame: Uint8Array): number {
  const ends = new Map<string, string>();
  for (const { values } of parsePacket({ linkType: "ethernet", bytes: frame }).layers)
    for (const [from, to] of [
      ["src", "dst"],
      ["sport", "dport"],
    ] as const) {
      const [source, destination] = [values[from], values[to]];
      if (source instanceof Uint8Array && destination instanceof Uint8Array)
        ends.set(from, [toHex(source), toHex(destination)].sort().join());
      else if (typeof source === "number" && typeof destination === "number")
        ends.set(from, [source, destination].sort((a, b) => a - b).join());
    }
  let hash = 0x811c9dc5;
  for (const character of [...ends.values()].join()) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0 || 1;
}

const notCapable = 0;
const congestionExperienced = 3;

/** INET_ECN_set_ce() of include/net/inet_ecn.h: 1 where the packet says afterwards that there is congestion. */
export function setCongestionExperienced(packet: SkbPacket): number {
  const protocol = packet.protocolBehindTags;
  const isIpv4 = protocol === networkOrder.ipv4;
  if (!isIpv4 && protocol !== networkOrder.ipv6) return 0;
  const header = packet.bytesAt(packet.networkOffset, isIpv4 ? 20 : 40);
  if (!header) return 0;
  const ecn = isIpv4 ? header[1]! & 3 : (header[1]! >> 4) & 3;
  if (ecn === notCapable) return 0;
  if (ecn === congestionExperienced) return 1;
  if (isIpv4) {
    addToChecksum(header, ecn - congestionExperienced);
    header[1] = header[1]! | congestionExperienced;
  } else {
    // IPv6 has no checksum of its own, so the sum over the packet changes (IP6_ECN_set_ce).
    const before = header.slice(0, 4);
    header[1] = header[1]! | (congestionExperienced << 4);
    packet.checksum.replaced(before, header.subarray(0, 4));
  }
  return 1;
}

/** Of an IPv4 header of which one byte in the lower half of a word became less by `difference`. */
function addToChecksum(header: Uint8Array, difference: number): void {
  const sum = ((header[10]! << 8) | header[11]!) + 0xffff + difference;
  const checksum = sum > 0xffff ? sum - 0xffff : sum;
  header[10] = checksum >>> 8;
  header[11] = checksum;
}
