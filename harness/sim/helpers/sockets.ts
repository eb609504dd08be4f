import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { MapTable } from "../maps/map-table.js";
import { tcpState, type SocketProtocol } from "../sockets/socket.js";
import { isFullSocket } from "../sockets/socket-memory.js";
import type { World } from "../world.js";
import { socketStorageHelpers } from "./socket-storage.js";
import type { HelperTable } from "./table.js";

/** Sizes of the two halves of struct bpf_sock_tuple. */
const tupleBytes = { 12: 4, 36: 16 } as const;

/** BPF_F_CURRENT_NETNS: any negative number. */
const currentNamespace = -1;

/**
 * Lookups of sockets among those that the simulated hosts have (net/core/filter.c, __bpf_sk_lookup). There is one
 * network namespace to look in, the program's own.
 */
export function socketHelpers(maps: MapTable, world: World): HelperTable {
  const lookup = (protocol: SocketProtocol) => (call: Call) => {
    const [size, namespace, flags] = [call.u32(3), call.u64(4), call.u64(5)];
    const tuple = call.read(2, size);
    const length = size in tupleBytes ? tupleBytes[size as keyof typeof tupleBytes] : undefined;
    if (length === undefined || flags !== 0n || BigInt.asIntN(32, namespace) > currentNamespace) return 0;
    const view = new DataView(tuple.buffer, tuple.byteOffset, size);
    const end = (address: number, port: number) => ({
      address: tuple.slice(address, address + length),
      port: view.getUint16(port),
    });
    const socket = world.sockets.find(protocol, end(0, 2 * length), end(length, 2 * length + 2), world.host);
    return socket ? maps.sockets.addressOf(socket) : 0;
  };
  return {
    // bpf_sk_lookup_tcp(ctx, tuple, tuple_size, netns, flags)
    84: lookup("tcp"),
    // bpf_sk_lookup_udp(ctx, tuple, tuple_size, netns, flags)
    85: lookup("udp"),
    // bpf_sk_release(sock)
    86: (call) => {
      maps.sockets.at(call.address(1));
      return 0;
    },
    // bpf_skc_lookup_tcp(ctx, tuple, tuple_size, netns, flags)
    99: lookup("tcp"),
    // bpf_tcp_check_syncookie(sk, iph, iph_len, th, th_len): no listener was flooded
    100: (call) => {
      maps.sockets.at(call.address(1));
      return -errno.ENOENT;
    },
    // bpf_tcp_gen_syncookie(sk, iph, iph_len, th, th_len)
    110: (call) => {
      maps.sockets.at(call.address(1));
      return -errno.ENOENT;
    },
    // bpf_skc_to_tcp6_sock, _tcp_sock, _tcp_timewait_sock, _tcp_request_sock, _udp6_sock(sk)
    136: (call) => cast(maps, call),
    137: (call) => cast(maps, call),
    138: (call) => cast(maps, call),
    139: (call) => cast(maps, call),
    140: (call) => cast(maps, call),
    // bpf_skc_to_mptcp_sock(sk): there is none
    196: (call) => {
      maps.sockets.at(call.address(1));
      return 0;
    },
  };
}

/** Sockets as pointers that programs may follow. */
export function socketViewHelpers(maps: MapTable): HelperTable {
  return {
    // bpf_sk_fullsock(sk)
    95: (call) => {
      const address = call.address(1);
      return isFullSocket(maps.sockets.at(address)) ? address : 0;
    },
    // bpf_tcp_sock(sk)
    96: (call) => maps.sockets.tcpAddressOf(maps.sockets.at(call.address(1))),
    // bpf_get_listener_sock(sk)
    98: (call) => {
      const socket = maps.sockets.at(call.address(1));
      return socket.state === tcpState.listen ? maps.sockets.addressOf(socket) : 0;
    },
    // bpf_sk_cgroup_id(sk)
    128: (call) => {
      maps.sockets.at(call.address(1));
      return rootCgroupId;
    },
    // bpf_sk_ancestor_cgroup_id(sk, ancestor_level)
    129: (call) => {
      maps.sockets.at(call.address(1));
      return call.i32(2) === 0 ? rootCgroupId : 0;
    },
  };
}

/** The result points to a structure of the kernel's, of which simulated sockets have none. */
function cast(maps: MapTable, call: Call): never {
  maps.sockets.at(call.address(1));
  throw new Fault("takes a simulated socket for one of the kernel's structures, which it has not");
}

/** SOCK_COOKIE of the first network namespace. */
const initialNamespaceCookie = 1;

/** Inode number of the root of the cgroup hierarchy. */
const rootCgroupId = 1;

/** Of the socket that a packet belongs to, which is the root user's, in the root cgroup. */
export function packetSocketHelpers(maps: MapTable, cookie: () => bigint): HelperTable {
  return {
    ...socketViewHelpers(maps),
    ...socketStorageHelpers(maps),
    // bpf_get_cgroup_classid(skb)
    17: () => 0,
    // bpf_get_socket_cookie(skb)
    46: cookie,
    // bpf_get_socket_uid(skb)
    47: () => 0,
    // bpf_skb_cgroup_id(skb)
    79: () => rootCgroupId,
    // bpf_skb_ancestor_cgroup_id(skb, ancestor_level)
    83: (call) => (call.i32(2) === 0 ? rootCgroupId : 0),
    // bpf_get_netns_cookie(skb)
    122: () => initialNamespaceCookie,
    // bpf_sk_assign(skb, sk, flags)
    124: (call) => {
      const socket = maps.sockets.at(call.address(2));
      if (call.u64(3) !== 0n) return -errno.EINVAL;
      return socket.protocol === "udp" || isFullSocket(socket) ? 0 : -errno.ESOCKTNOSUPPORT;
    },
    // bpf_skb_cgroup_classid(skb)
    151: () => 0,
  };
}
