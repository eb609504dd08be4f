import { errno } from "../errno.js";
import { skbField } from "../hooks/skb-fields.js";
import { isVlanType, networkOrder, type SkbPacket } from "../hooks/skb-packet.js";
import type { HelperTable } from "./table.js";

/**
 * VLAN tags. The outermost lies beside the packet, as if the device had taken it off (VLAN acceleration):
 * pushing one shows in the bytes only when there was one before.
 */
export function skbVlanHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_skb_vlan_push(skb, proto, tci)
    18: (call) => {
      const asked = call.u32(2) & 0xffff;
      const before = accelerated(packet);
      if (before) {
        const result = packet.insertTag(before.protocol, before.tci);
        if (result !== 0) return result;
      }
      accelerate(packet, { protocol: isVlanType(asked) ? asked : networkOrder.vlan, tci: call.u32(3) & 0xffff });
      return 0;
    },
    // bpf_skb_vlan_pop(skb)
    19: () => {
      if (accelerated(packet)) accelerate(packet, undefined);
      else if (isVlanType(packet.protocol) && !packet.removeTag()) return -errno.ENOMEM;
      else if (!isVlanType(packet.protocol)) return 0;
      if (!isVlanType(packet.protocol)) return 0;
      const { protocol } = packet;
      const next = packet.removeTag();
      if (!next) return -errno.ENOMEM;
      accelerate(packet, { protocol, tci: next.tci });
      return 0;
    },
  };
}

interface Tag {
  /** In network order. */
  readonly protocol: number;
  readonly tci: number;
}

function accelerated({ arena, context }: SkbPacket): Tag | undefined {
  const { view } = arena;
  if (view.getUint32(context + skbField.vlan_present, true) === 0) return undefined;
  return {
    protocol: view.getUint32(context + skbField.vlan_proto, true),
    tci: view.getUint32(context + skbField.vlan_tci, true),
  };
}

function accelerate({ arena, context }: SkbPacket, tag: Tag | undefined): void {
  const { view } = arena;
  view.setUint32(context + skbField.vlan_present, tag ? 1 : 0, true);
  view.setUint32(context + skbField.vlan_proto, tag?.protocol ?? 0, true);
  view.setUint32(context + skbField.vlan_tci, tag?.tci ?? 0, true);
}
