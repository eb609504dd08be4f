import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import { SocketMapStore } from "../maps/socket-map.js";
import type { SocketRedirect } from "../sockets/psock.js";
import { tcpState, type Socket } from "../sockets/socket.js";

/** BPF_F_INGRESS. */
const ingressFlag = 1n;

const verdict = { drop: 0, pass: 1 } as const;

/** The sockmap or sockhash that an argument points to. */
export function socketMapAt(maps: MapTable, call: Call, argument: number): SocketMapStore {
  const map = maps.at(call.address(argument));
  if (!(map instanceof SocketMapStore)) throw new Fault(`takes map '${map.spec.name}' for one of sockets`);
  return map;
}

/**
 * bpf_{msg,sk}_redirect_{map,hash}(ctx, map, key, flags): the key of the one is a number, that of the other a pointer.
 *
 * @param to takes note of where the message or skb is to go
 */
export function redirectHelper(
  maps: MapTable,
  byKey: "index" | "pointer",
  to: (target: SocketRedirect) => void,
): Helper {
  return (call) => {
    const map = socketMapAt(maps, call, 2);
    const key = byKey === "index" ? indexKey(call.u32(3)) : call.read(3, map.spec.keySizeBytes);
    const flags = call.u64(4);
    const socket = map.get(key);
    if ((flags & ~ingressFlag) !== 0n || !socket || !isRedirectAllowed(socket)) return verdict.drop;
    const ingress = flags === ingressFlag;
    if (!ingress && socket.protocol !== "tcp") return verdict.drop;
    to({ socket, ingress });
    return verdict.pass;
  };
}

/** bpf_sock_{map,hash}_update(ctx, map, key, flags) with the context's socket. */
export function updateHelper(maps: MapTable, socket: () => Socket | undefined): Helper {
  return (call) => {
    const map = socketMapAt(maps, call, 2);
    const key = call.read(3, map.spec.keySizeBytes);
    const found = socket();
    return found ? map.put(key, found, call.address(4)) : -errno.EOPNOTSUPP;
  };
}

/** sock_map_redirect_allowed(). */
function isRedirectAllowed({ protocol, state, remote }: Socket): boolean {
  return protocol === "tcp" ? state !== tcpState.listen : remote !== undefined;
}

function indexKey(index: number): Uint8Array {
  return new Uint8Array([index, index >>> 8, index >>> 16, index >>> 24]);
}
