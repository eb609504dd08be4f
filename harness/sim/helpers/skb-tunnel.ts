import { errno } from "../errno.js";
import type { HelperTable } from "./table.js";

/** Sizes of struct bpf_tunnel_key over time: with local address, without, without label, extension, IPv6. */
const keySizes: ReadonlySet<number> = new Set([44, 28, 24, 22, 8]);
const keyBytes = 44;

/** Offsets in struct bpf_tunnel_key; both addresses have room for IPv6. */
const offset = { remote: 4, ext: 22, label: 24, local: 28 } as const;
const addressBytes = 16;

const isIpv6 = 1n;
/** BPF_F_TUNINFO_IPV6 to BPF_F_NO_TUNNEL_KEY. */
const setFlags = 0x1fn;

/** Tunnel metadata beside a packet, for a collect_md device to encapsulate it with. */
export interface TunnelKey {
  /** struct bpf_tunnel_key. */
  readonly bytes: Uint8Array;
  readonly isIpv6: boolean;
  /** Of Geneve, VXLAN or ERSPAN. */
  readonly options: Uint8Array;
}

/** IP_TUNNEL_OPTS_MAX of include/net/ip_tunnels.h. */
const mostOptionBytes = 255;

/** bpf_skb_set_tunnel_key() and bpf_skb_get_tunnel_key() of net/core/filter.c. */
export function skbTunnelHelpers(packet: { tunnelKey: TunnelKey | undefined }): HelperTable {
  return {
    // bpf_skb_get_tunnel_key(skb, key, size, flags); BPF_F_TUNINFO_FLAGS is refused, as kernels before 6.2 do
    20: (call) => {
      const [size, flags] = [call.u32(3), call.u64(4)];
      const out = call.write(2, size).fill(0);
      const key = packet.tunnelKey;
      if (!key || (flags & ~isIpv6) !== 0n) return -errno.EINVAL;
      if (key.isIpv6 !== (flags === isIpv6)) return -errno.EPROTO;
      if (!keySizes.has(size)) return -errno.EINVAL;
      out.set(asReceived(key).subarray(0, size));
      return 0;
    },
    // bpf_skb_set_tunnel_key(skb, key, size, flags)
    21: (call) => {
      const [size, flags] = [call.u32(3), call.u64(4)];
      const given = call.read(2, size);
      if ((flags & ~setFlags) !== 0n || !keySizes.has(size)) return -errno.EINVAL;
      const bytes = new Uint8Array(keyBytes);
      bytes.set(given);
      const view = new DataView(bytes.buffer);
      const hasLabel = view.getUint32(offset.label, true) !== 0;
      if ((hasLabel && (flags & isIpv6) === 0n) || view.getUint16(offset.ext, true) !== 0) return -errno.EINVAL;
      packet.tunnelKey = { bytes, isIpv6: (flags & isIpv6) !== 0n, options: new Uint8Array() };
      return 0;
    },
    // bpf_skb_get_tunnel_opt(skb, opt, size)
    29: (call) => {
      const out = call.write(2, call.u32(3)).fill(0);
      const options = packet.tunnelKey?.options ?? new Uint8Array();
      if (options.length === 0) return -errno.ENOENT;
      if (out.length < options.length) return -errno.ENOMEM;
      out.set(options);
      return options.length;
    },
    // bpf_skb_set_tunnel_opt(skb, opt, size)
    30: (call) => {
      const options = call.read(2, call.u32(3)).slice();
      if (!packet.tunnelKey || options.length % 4 !== 0) return -errno.EINVAL;
      if (options.length > mostOptionBytes) return -errno.ENOMEM;
      packet.tunnelKey = { ...packet.tunnelKey, options };
      return 0;
    },
  };
}

/** The way back: to whom a key sends is from whom it is received. */
function asReceived({ bytes, isIpv6: wide }: TunnelKey): Uint8Array {
  const received = bytes.slice();
  const length = wide ? addressBytes : 4;
  for (const [to, from] of [
    [offset.remote, offset.local],
    [offset.local, offset.remote],
  ] as const) {
    received.fill(0, to, to + addressBytes);
    received.set(bytes.subarray(from, from + length), to);
  }
  return received;
}
