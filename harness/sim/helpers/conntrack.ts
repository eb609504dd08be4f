import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import { kernelFunctions } from "../kernel-functions.js";
import type { Helper } from "../machine.js";

/** Offsets in struct bpf_ct_opts (net/netfilter/nf_conntrack_bpf.c). */
const option = { netns: 0, error: 4, protocol: 8 } as const;
/** The zone came with Linux 6.10: what the shorter form has in its place has to be zero. */
const sizes = { plain: 12, withZone: 16, ipv4Tuple: 12, ipv6Tuple: 36 } as const;
const reservedBytes = { [sizes.plain]: [10, 11], [sizes.withZone]: [13, 14, 15] } as const;

/** BPF_F_CURRENT_NETNS: the lowest that a namespace may be. */
const currentNamespace = -1;
const [tcp, udp] = [6, 17];

/** bpf_xdp_ct_lookup() and bpf_skb_ct_lookup() where no connection is tracked. */
const lookup: Helper = (call) => {
  const optionBytes = call.u32(5);
  if (optionBytes < option.error + 4) return 0;
  call.write(4, optionBytes);
  call.arena.view.setInt32(call.address(4) + option.error, -lookupError(call, optionBytes), true);
  return 0;
};

/** In the order of __bpf_nf_ct_lookup(). */
function lookupError(call: Call, optionBytes: number): number {
  const { view } = call.arena;
  const options = call.address(4);
  if (optionBytes !== sizes.plain && optionBytes !== sizes.withZone) return errno.EINVAL;
  const reserved: readonly number[] = reservedBytes[optionBytes];
  if (reserved.some((at) => view.getUint8(options + at) !== 0)) return errno.EINVAL;
  const protocol = view.getUint8(options + option.protocol);
  if (protocol !== tcp && protocol !== udp) return errno.EPROTO;
  if (view.getInt32(options + option.netns, true) < currentNamespace) return errno.EINVAL;
  const tupleBytes = call.u32(3);
  if (tupleBytes !== sizes.ipv4Tuple && tupleBytes !== sizes.ipv6Tuple) return errno.EAFNOSUPPORT;
  call.read(2, tupleBytes);
  return view.getInt32(options + option.netns, true) === currentNamespace ? errno.ENOENT : errno.ENONET;
}

/** Connection tracking, in a network namespace that has seen no connection. */
export function conntrackHelpers(lookupName: "bpf_xdp_ct_lookup" | "bpf_skb_ct_lookup") {
  return kernelFunctions({
    // (ctx, tuple, tuple_size, opts, opts_size)
    [lookupName]: lookup,
    bpf_ct_release: (call) => {
      throw new Fault(`takes 0x${call.address(1).toString(16)} for a tracked connection`);
    },
  });
}
