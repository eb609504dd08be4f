import type { FieldValue, Packet } from "../model/packet.js";
import { parsePacket } from "./parse.js";

/** Fields of struct bpf_sk_lookup for the connection that a packet would open or belong to, as its receiver sees it. */
export function lookupFieldsOf(packet: Packet): Readonly<Record<string, FieldValue>> {
  const { layers } = parsePacket(packet);
  const values = (...names: readonly string[]): Readonly<Record<string, FieldValue>> =>
    layers.find((layer) => names.includes(layer.protocol))?.values ?? {};
  const ip = layers.find(({ protocol }) => protocol === "ipv4" || protocol === "ipv6");
  const suffix = ip?.protocol === "ipv6" ? "ip6" : "ip4";
  const { src, dst } = ip?.values ?? {};
  const { sport = 0, dport = 0 } = values("tcp", "udp");
  return {
    family: ip?.protocol === "ipv6" ? 10 : 2,
    protocol: layers.some(({ protocol }) => protocol === "udp") ? 17 : 6,
    ...(src !== undefined && { [`remote_${suffix}`]: src }),
    ...(dst !== undefined && { [`local_${suffix}`]: dst }),
    remote_port: sport,
    local_port: dport,
  };
}
