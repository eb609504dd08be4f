import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { kernelFunctions } from "../kernel-functions.js";
import type { MapTable } from "../maps/map-table.js";
import { networkOrder } from "../hooks/skb-packet.js";
import { tcpState } from "../sockets/socket.js";

/** struct bpf_tcp_req_attrs of include/net/tcp.h. */
const attributes = { mss: 8, receiveScale: 10, sendScale: 11, scaleOk: 13, reserved: [17, 18, 19], sizeBytes: 20 };

/** TCP_MAX_WSCALE. */
const largestScale = 14;

/** IPV6_MIN_MTU - 60 for IPv6. */
const smallestMss = { ipv4: 536, ipv6: 1280 - 60 } as const;

/**
 * bpf_sk_assign_tcp_reqsk() of net/core/filter.c, which hands an acknowledged SYN cookie of the program's own to a
 * listening socket. The packet goes to no socket here: what is checked is the request.
 */
export function tcpRequestHelpers(maps: MapTable, protocol: () => number) {
  return kernelFunctions({
    // (skb, sk, attrs, attrs_size)
    bpf_sk_assign_tcp_reqsk: (call) => (isAcceptable(call, maps, protocol()) ? 0 : -errno.EINVAL),
  });
}

function isAcceptable(call: Call, maps: MapTable, protocol: number): boolean {
  const sizeBytes = call.u32(4);
  const given = call.read(3, sizeBytes);
  if (sizeBytes !== attributes.sizeBytes || attributes.reserved.some((at) => given[at] !== 0)) return false;
  const family = protocol === networkOrder.ipv4 ? "ipv4" : protocol === networkOrder.ipv6 ? "ipv6" : undefined;
  const socket = maps.sockets.at(call.address(2));
  if (!family || socket.protocol !== "tcp" || socket.state !== tcpState.listen) return false;
  const mss = given[attributes.mss]! | (given[attributes.mss + 1]! << 8);
  if (mss < smallestMss[family]) return false;
  if (given[attributes.scaleOk] === 0) return true;
  return given[attributes.sendScale]! <= largestScale && given[attributes.receiveScale]! <= largestScale;
}
