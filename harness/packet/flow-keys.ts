import type { FieldValue } from "../model/packet.js";

export interface FlowKey {
  readonly offset: number;
  readonly kind: "u8" | "u16" | "u32" | "be16" | "be32" | "ipv4" | "ipv6";
}

/** Members of struct bpf_flow_keys (include/uapi/linux/bpf.h), what a flow dissector makes of a packet. */
export const flowKeys: Readonly<Record<string, FlowKey>> = {
  nhoff: { offset: 0, kind: "u16" },
  thoff: { offset: 2, kind: "u16" },
  addr_proto: { offset: 4, kind: "u16" },
  is_frag: { offset: 6, kind: "u8" },
  is_first_frag: { offset: 7, kind: "u8" },
  is_encap: { offset: 8, kind: "u8" },
  ip_proto: { offset: 9, kind: "u8" },
  n_proto: { offset: 10, kind: "be16" },
  sport: { offset: 12, kind: "be16" },
  dport: { offset: 14, kind: "be16" },
  ipv4_src: { offset: 16, kind: "ipv4" },
  ipv4_dst: { offset: 20, kind: "ipv4" },
  ipv6_src: { offset: 16, kind: "ipv6" },
  ipv6_dst: { offset: 32, kind: "ipv6" },
  flags: { offset: 48, kind: "u32" },
  flow_label: { offset: 52, kind: "be32" },
};

export const flowKeysBytes = 56;

/** The members as scenarios write them. */
export function readFlowKeys(bytes: Uint8Array): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries(Object.entries(flowKeys).map(([name, key]) => [name, read(bytes, key)]));
}

function read(bytes: Uint8Array, { offset, kind }: FlowKey): FieldValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (kind) {
    case "u8":
      return view.getUint8(offset);
    case "u16":
      return view.getUint16(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "be16":
      return view.getUint16(offset);
    case "be32":
      return view.getUint32(offset);
    case "ipv4":
      return bytes.slice(offset, offset + 4);
    case "ipv6":
      return bytes.slice(offset, offset + 16);
  }
}
