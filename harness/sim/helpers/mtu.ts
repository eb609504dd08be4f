import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** enum bpf_check_mtu_ret. */
const result = { success: 0, fragmentationNeeded: 1 } as const;

/** BPF_MTU_CHK_SEGS. */
const segmentsFlag = 1n;

/** hard_header_len of Ethernet and loopback devices. */
const headerBytes = 14;

/** What of a packet the check looks at. */
export interface MeasuredPacket {
  readonly length: () => number;
  /** An skb of several segments; undefined for XDP, which has none and knows no flag for them. */
  readonly isGso: (() => boolean) | undefined;
  readonly ifindex: () => number;
}

/** bpf_check_mtu() of net/core/filter.c. */
export function mtuHelpers(world: World, packet: MeasuredPacket): HelperTable {
  return {
    // bpf_check_mtu(ctx, ifindex, mtu_len, len_diff, flags)
    163: (call) => {
      const { isGso } = packet;
      const [difference, flags] = [call.i32(4), call.u64(5)];
      const bytes = call.write(3, 4);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const given = view.getUint32(0, true);
      if ((flags & ~(isGso ? segmentsFlag : 0n)) !== 0n) return -errno.EINVAL;
      if (flags !== 0n && (difference !== 0 || given !== 0)) return -errno.EINVAL;
      const device = call.u32(2) || packet.ifindex();
      if (!world.devices.has(device)) return -errno.ENODEV;
      const mtu = world.mtuOf(device);
      // All sums are of 32 bits and signed.
      const checked = ((given === 0 ? packet.length() : given + headerBytes) + difference) | 0;
      view.setUint32(0, mtu, true);
      if (checked <= mtu + headerBytes) return result.success;
      if (!isGso?.()) return result.fragmentationNeeded;
      if (flags !== 0n) throw new Fault("compares segments with the MTU, which is not simulated");
      return result.success;
    },
  };
}
