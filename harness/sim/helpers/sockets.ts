import type { Call } from "../call.js";
import { Fault } from "../fault.js";
import type { Helper } from "../machine.js";
import type { HelperTable } from "./table.js";

/** A lookup finds nothing, whatever size, namespace and flags say; the tuple has to be memory, though. */
const lookup: Helper = (call) => {
  call.read(2, call.u32(3));
  return 0;
};

/**
 * Socket lookups of net/core/filter.c in a world without sockets, as in a network namespace that nobody has
 * opened one in. No program that a verifier lets pass gets as far as doing something with a socket.
 */
export const socketHelpers: HelperTable = {
  // bpf_sk_lookup_tcp(ctx, tuple, tuple_size, netns, flags)
  84: lookup,
  // bpf_sk_lookup_udp(ctx, tuple, tuple_size, netns, flags)
  85: lookup,
  // bpf_sk_release(sock)
  86: wantsSocket(1),
  // bpf_skc_lookup_tcp(ctx, tuple, tuple_size, netns, flags)
  99: lookup,
  // bpf_tcp_check_syncookie(sk, iph, iph_len, th, th_len)
  100: wantsSocket(1),
  // bpf_tcp_gen_syncookie(sk, iph, iph_len, th, th_len)
  110: wantsSocket(1),
  // bpf_skc_to_tcp6_sock, _tcp_sock, _tcp_timewait_sock, _tcp_request_sock, _udp6_sock(sk)
  136: wantsSocket(1),
  137: wantsSocket(1),
  138: wantsSocket(1),
  139: wantsSocket(1),
  140: wantsSocket(1),
  // bpf_skc_to_mptcp_sock(sk)
  196: wantsSocket(1),
};

/** fs.overflowuid: whom what belongs to nobody belongs to. */
const overflowUid = 65534;

/** SOCK_COOKIE of the first network namespace, which packets without a socket are in. */
const initialNamespaceCookie = 1;

/** Of packets that come in: they belong to no socket, so neither to a user nor to a cgroup. */
export const ownerlessHelpers: HelperTable = {
  // bpf_get_cgroup_classid(skb)
  17: () => 0,
  // bpf_get_socket_uid(skb)
  47: () => overflowUid,
  // bpf_skb_cgroup_id(skb)
  79: () => 0,
  // bpf_skb_ancestor_cgroup_id(skb, ancestor_level)
  83: () => 0,
  // bpf_sk_fullsock(sk)
  95: wantsSocket(1),
  // bpf_tcp_sock(sk)
  96: wantsSocket(1),
  // bpf_get_listener_sock(sk)
  98: wantsSocket(1),
  // bpf_sk_storage_get(map, sk, value, flags)
  107: wantsSocket(2),
  // bpf_sk_storage_delete(map, sk)
  108: wantsSocket(2),
  // bpf_get_netns_cookie(skb)
  122: () => initialNamespaceCookie,
  // bpf_sk_assign(skb, sk, flags)
  124: wantsSocket(2),
  // bpf_sk_cgroup_id(sk)
  128: wantsSocket(1),
  // bpf_sk_ancestor_cgroup_id(sk, ancestor_level)
  129: wantsSocket(1),
  // bpf_skb_cgroup_classid(skb)
  151: () => 0,
};

function wantsSocket(argument: number): Helper {
  return (call: Call) => {
    const address = call.address(argument);
    throw new Fault(`takes ${address === 0 ? "a null pointer" : `0x${address.toString(16)}`} for a socket`);
  };
}
