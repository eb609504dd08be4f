import { internetChecksum } from "../../packet/checksum.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { SkbProgramType } from "../hooks/skb-fields.js";
import { networkOrder, type SkbPacket } from "../hooks/skb-packet.js";
import type { HelperTable } from "./table.js";

/** enum bpf_lwt_encap_mode. */
const encapMode = { seg6: 0, seg6Inline: 1, ip: 2 } as const;

/** LWT_BPF_MAX_HEADROOM of include/net/lwtunnel.h. */
const mostHeaderBytes = 256;

/** What only programs on routes have (net/core/lwt_bpf.c). */
export function lwtHelpers(type: SkbProgramType, packet: SkbPacket): HelperTable {
  if (type !== "lwt_in" && type !== "lwt_xmit") return {};
  return {
    // bpf_lwt_push_encap(skb, type, hdr, len)
    73: (call) => {
      const mode = call.u32(2);
      if (type === "lwt_in" && (mode === encapMode.seg6 || mode === encapMode.seg6Inline))
        throw new Fault("wraps a packet in IPv6 segment routing, which is not simulated");
      return mode === encapMode.ip ? pushIpHeader(type, packet, call) : -errno.EINVAL;
    },
  };
}

/** bpf_lwt_push_ip_encap(): an IP header, and what may follow it, in front of the packet's own. */
function pushIpHeader(type: "lwt_in" | "lwt_xmit", packet: SkbPacket, call: Call): number {
  const length = call.u32(4);
  const header = call.read(3, length).slice();
  if (length < 20 || length > mostHeaderBytes) return -errno.EINVAL;
  const version = header[0]! >> 4;
  const ownBytes = version === 4 ? (header[0]! & 15) * 4 : 40;
  if ((version !== 4 && version !== 6) || length < ownBytes) return -errno.EINVAL;
  // The kernel, too, fills in the header's checksum only behind what it adds to the packet's sum.
  if (type === "lwt_in") packet.checksum.pushed(header);
  if (version === 4 && header[10] === 0 && header[11] === 0)
    new DataView(header.buffer).setUint16(10, internetChecksum(header.subarray(0, ownBytes)));
  packet.pushNetworkHeader(header);
  packet.protocol = version === 4 ? networkOrder.ipv4 : networkOrder.ipv6;
  packet.clearHash();
  // handle_gso_encap() knows what to do with TCP segments only.
  return packet.isGso ? -errno.ENOTSUPP : 0;
}
