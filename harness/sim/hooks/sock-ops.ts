import { readable, writable, type Arena } from "../arena.js";
import { errno } from "../errno.js";
import { socketBaseHelpers } from "../helpers/base.js";
import { updateHelper } from "../helpers/sock-map.js";
import { socketOptionHelpers } from "../helpers/socket-options.js";
import { socketStorageHelpers } from "../helpers/socket-storage.js";
import { mergeHelpers } from "../helpers/table.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import { sockOps, type SockOpsEvent } from "../sockets/sock-ops.js";
import { families, setAddress, tcpFields, tcpNumber } from "../sockets/socket-memory.js";
import type { Socket } from "../sockets/socket.js";
import type { World } from "../world.js";

/** Offsets in struct bpf_sock_ops (include/uapi/linux/bpf.h). */
const field = {
  op: 0,
  args: 4,
  family: 20,
  remote_ip4: 24,
  local_ip4: 28,
  remote_ip6: 32,
  local_ip6: 48,
  remote_port: 64,
  local_port: 68,
  is_fullsock: 72,
  bpf_sock_ops_cb_flags: 84,
  state: 88,
  sk_txhash: 164,
  bytes_received: 168,
  bytes_acked: 176,
  sk: 184,
} as const;
const contextBytes = 224;
/** args, reply and replylong are one. */
const replyBytes = 16;

/** Offsets of what struct bpf_tcp_sock has, too, in the order that it has it in. */
const tcpOffsets = [76, 80, 92, 96, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140, 144, 148, 152, 156, 160];

/** BPF_SOCK_OPS_ALL_CB_FLAGS. */
const allCallbackFlags = 0x7f;

/** Ops in which the socket may be put into a map (sock_map_op_okay). */
const mapOps: ReadonlySet<string> = new Set(["activeEstablished", "passiveEstablished", "listen"]);

/** What sock_ops programs see: struct bpf_sock_ops, with the rewriting of sock_ops_convert_ctx_access(). */
export class SockOpsWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader = undefined;
  readonly #arena: Arena;
  readonly #maps: MapTable;
  readonly #context: number;
  #event: SockOpsEvent | undefined;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.#maps = maps;
    this.#context = arena.reserve(contextBytes, readable, "struct bpf_sock_ops");
    arena.protect(this.#context + field.args, replyBytes, readable | writable);
    arena.protect(this.#context + field.sk_txhash, 4, readable | writable);
    const socket = () => this.#event?.socket;
    const fullSocket = () => (this.#event?.isFull === true ? this.#event.socket : undefined);
    const settled = () => (mapOps.has(this.#event?.op ?? "") ? socket() : undefined);
    this.helpers = mergeHelpers(
      socketBaseHelpers(maps, world),
      socketOptionHelpers(fullSocket),
      socketStorageHelpers(maps),
      {
        // bpf_get_socket_cookie(ctx)
        46: () => socket()?.cookie ?? 0,
        // bpf_sock_map_update(ctx, map, key, flags)
        53: updateHelper(maps, settled),
        // bpf_sock_ops_cb_flags_set(ctx, flags)
        59: (call) => {
          const flags = call.u32(2);
          const found = fullSocket();
          if (!found) return -errno.EINVAL;
          found.callbackFlags = flags & allCallbackFlags;
          this.#publishFlags(found);
          return flags & ~allCallbackFlags;
        },
        // bpf_sock_hash_update(ctx, map, key, flags)
        70: updateHelper(maps, settled),
        // bpf_tcp_sock(sk)
        96: (call) => maps.sockets.tcpAddressOf(maps.sockets.at(call.address(1))),
        // bpf_get_netns_cookie(ctx)
        122: () => 1,
        // bpf_load_hdr_opt(ctx, opt, len, flags): segments carry no options that programs wrote
        142: (call) => {
          call.write(2, call.u32(3));
          return -errno.ENOMSG;
        },
        // bpf_store_hdr_opt(ctx, opt, len, flags) and bpf_reserve_hdr_opt(ctx, len, flags): in callbacks of their own only
        143: () => -errno.EPERM,
        144: () => -errno.EPERM,
      },
    );
  }

  /** Runs a program with an event; what it replies changes nothing. */
  run(run: (context: number) => unknown, event: SockOpsEvent): void {
    this.#event = event;
    this.#publish(event);
    run(this.#context);
    this.#event = undefined;
  }

  #publish({ socket, op, args, isFull }: SockOpsEvent): void {
    const { view, bytes } = this.#arena;
    const at = this.#context;
    bytes.fill(0, at, at + contextBytes);
    const set = (offset: number, value: number) => view.setUint32(at + offset, value, true);
    set(field.op, sockOps[op]);
    args.forEach((value, i) => set(field.args + 4 * i, value));
    const { local, remote } = socket;
    set(field.family, socket.isIpv6 ? families[16] : families[4]);
    setAddress(view, at + (socket.isIpv6 ? field.local_ip6 : field.local_ip4), local.address);
    if (remote) setAddress(view, at + (socket.isIpv6 ? field.remote_ip6 : field.remote_ip4), remote.address);
    // The network-order port in the upper half; in network order too, it is a number of 32 bits.
    view.setUint16(at + field.remote_port + 2, remote?.port ?? 0);
    set(field.local_port, local.port);
    set(field.state, socket.state);
    if (!isFull) return;
    set(field.is_fullsock, 1);
    tcpFields.forEach((name, i) => set(tcpOffsets[i]!, tcpNumber(socket, name)));
    view.setBigUint64(at + field.bytes_received, BigInt(socket.count.bytesIn), true);
    view.setBigUint64(at + field.bytes_acked, BigInt(socket.count.bytesOut), true);
    view.setBigUint64(at + field.sk, BigInt(this.#maps.sockets.addressOf(socket)), true);
    this.#publishFlags(socket);
  }

  #publishFlags({ callbackFlags }: Socket): void {
    this.#arena.view.setUint32(this.#context + field.bpf_sock_ops_cb_flags, callbackFlags, true);
  }
}
