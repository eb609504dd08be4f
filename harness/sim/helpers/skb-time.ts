import { skbField } from "../hooks/skb-fields.js";
import { networkOrder, type SkbPacket } from "../hooks/skb-packet.js";
import { errno } from "../errno.js";
import type { HelperTable } from "./table.js";

/** BPF_SKB_CLOCK_REALTIME and BPF_SKB_CLOCK_TAI, the first and the last clock that a time may be of. */
const clock = { realtime: 0, tai: 2 } as const;

/** When a packet is to leave, for the queueing discipline. */
export function skbTimeHelpers(packet: SkbPacket): HelperTable {
  return {
    // bpf_skb_set_tstamp(skb, tstamp, tstamp_type)
    192: (call) => {
      const [tstamp, type] = [call.u64(2), call.u32(3)];
      if (packet.protocol !== networkOrder.ipv4 && packet.protocol !== networkOrder.ipv6) return -errno.EOPNOTSUPP;
      if (type > clock.tai || (type !== clock.realtime && tstamp === 0n)) return -errno.EINVAL;
      const { view } = packet.arena;
      view.setBigUint64(packet.context + skbField.tstamp, tstamp, true);
      view.setUint8(packet.context + skbField.tstamp_type, type);
      return 0;
    },
  };
}
