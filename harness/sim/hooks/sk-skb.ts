import { readable, writable, type Arena } from "../arena.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { socketBaseHelpers } from "../helpers/base.js";
import { redirectHelper } from "../helpers/sock-map.js";
import { socketViewHelpers } from "../helpers/sockets.js";
import { mergeHelpers } from "../helpers/table.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import type { SocketRedirect, StreamSkb, StreamVerdict } from "../sockets/psock.js";
import { families, setAddress } from "../sockets/socket-memory.js";
import type { Socket } from "../sockets/socket.js";
import type { World } from "../world.js";
import { PacketBuffer } from "./packet-buffer.js";
import { skbContextBytes, skbField } from "./skb-fields.js";
import { networkOrder } from "./skb-packet.js";

/** Offsets in struct __sk_buff of what only programs on sockets see. */
const socketField = {
  family: 88,
  remote_ip4: 92,
  local_ip4: 96,
  remote_ip6: 100,
  local_ip6: 116,
  remote_port: 132,
  local_port: 136,
  sk: 168,
} as const;

/** What can be made linear at a time. */
const mostLinearBytes = 65_536;
const mostSkbBytes = 131_072;
const maxInt = 0x7fff_ffff;

const pass = 1;

/** What sk_skb programs see: struct __sk_buff of bytes that TCP has put in order. None of them are linear at first. */
export class SkSkbWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader = {
    load: (offset: number, sizeBytes: 1 | 2 | 4): number | undefined =>
      this.#bytesAt(offset, sizeBytes)?.reduce((value, byte) => value * 256 + byte, 0),
  };
  readonly #arena: Arena;
  readonly #maps: MapTable;
  readonly #context: number;
  readonly #buffer: PacketBuffer;
  #skb: StreamSkb | undefined;
  #socket: Socket | undefined;
  #redirect: SocketRedirect | undefined;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.#maps = maps;
    this.#context = arena.reserve(skbContextBytes, readable, "struct __sk_buff");
    for (const name of ["tc_index", "priority"] as const)
      arena.protect(this.#context + skbField[name], 4, readable | writable);
    this.#buffer = new PacketBuffer(arena, mostLinearBytes);
    const redirect = (target: SocketRedirect) => {
      this.#redirect = target;
    };
    this.helpers = mergeHelpers(socketBaseHelpers(maps, world), socketViewHelpers(maps), {
      // bpf_skb_store_bytes(skb, offset, from, len, flags)
      9: (call) => {
        const [offset, length] = [call.u32(2), call.u32(4)];
        const from = call.read(3, length);
        if (call.u64(5) > 3n) return -errno.EINVAL;
        if (!this.#bytesAt(offset, length)) return -errno.EFAULT;
        return this.#change((skb) => {
          skb.bytes = skb.bytes.slice();
          skb.bytes.set(from, offset);
          skb.linearBytes = Math.max(skb.linearBytes, offset + length);
          return 0;
        });
      },
      // bpf_skb_load_bytes(skb, offset, to, len)
      26: (call) => {
        const [offset, length] = [call.u32(2), call.u32(4)];
        const out = call.write(3, length);
        this.#store();
        const found = this.#bytesAt(offset, length);
        if (found) out.set(found);
        else out.fill(0);
        return found ? 0 : -errno.EFAULT;
      },
      // bpf_skb_change_tail(skb, len, flags)
      38: (call) => this.#resize(call, (skb, length) => resized(skb.bytes, length)),
      // bpf_skb_pull_data(skb, len)
      39: (call) =>
        this.#change((skb) => {
          const length = call.u32(2);
          if (length > skb.bytes.length || length > mostLinearBytes) return -errno.ENOMEM;
          skb.linearBytes = Math.max(skb.linearBytes, length);
          return 0;
        }),
      // bpf_skb_change_head(skb, head_room, flags)
      43: (call) => this.#resize(call, (skb, room) => joinedWithRoom(skb.bytes, room)),
      // bpf_get_socket_cookie(skb)
      46: () => this.#socket?.cookie ?? 0,
      // bpf_get_socket_uid(skb)
      47: () => 0,
      // bpf_skb_adjust_room(skb, len_diff, mode, flags): at the front, as there are no headers
      50: (call) => {
        const difference = call.i32(2);
        if (call.u64(4) !== 0n || Math.abs(difference) > 0xfff) return -errno.EINVAL;
        return this.#change((skb) => {
          if (-difference > skb.bytes.length) return -errno.ENOTSUPP;
          skb.bytes = difference < 0 ? skb.bytes.slice(-difference) : joinedWithRoom(skb.bytes, difference);
          skb.linearBytes = Math.max(0, Math.min(skb.bytes.length, skb.linearBytes + difference));
          return 0;
        });
      },
      // bpf_sk_redirect_map(skb, map, key, flags)
      52: redirectHelper(maps, "index", redirect),
      // bpf_sk_redirect_hash(skb, map, key, flags)
      72: redirectHelper(maps, "pointer", redirect),
    });
  }

  /** A parser's answer. */
  parse(run: (context: number) => number, socket: Socket, skb: StreamSkb): number {
    return this.#run(run, socket, skb);
  }

  verdict(run: (context: number) => number, socket: Socket, skb: StreamSkb): StreamVerdict {
    this.#redirect = undefined;
    const returned = this.#run(run, socket, skb);
    return { passed: returned === pass, redirect: this.#redirect };
  }

  #run(run: (context: number) => number, socket: Socket, skb: StreamSkb): number {
    this.#skb = skb;
    this.#socket = socket;
    this.#publish(socket, skb);
    this.#load();
    const returned = run(this.#context);
    this.#store();
    this.#skb = undefined;
    return returned;
  }

  #bytesAt(offset: number, length: number): Uint8Array | undefined {
    const bytes = this.#skb?.bytes;
    return bytes && offset <= maxInt && offset + length <= bytes.length
      ? bytes.subarray(offset, offset + length)
      : undefined;
  }

  #change(change: (skb: StreamSkb) => number): number {
    if (!this.#skb) throw new Error("there is an skb while a program runs");
    this.#store();
    const result = change(this.#skb);
    this.#load();
    return result;
  }

  #resize(call: Call, change: (skb: StreamSkb, length: number) => Uint8Array): number {
    const length = call.u32(2);
    if (call.u64(3) !== 0n || length > mostSkbBytes) return -errno.EINVAL;
    return this.#change((skb) => {
      skb.bytes = change(skb, length);
      skb.linearBytes = Math.min(skb.linearBytes, skb.bytes.length);
      return 0;
    });
  }

  /** The linear part goes to memory, and comes back. */
  #load(): void {
    const { view } = this.#arena;
    const { bytes, linearBytes } = this.#skb!;
    const from = this.#buffer.start;
    this.#buffer.set(from, bytes.subarray(0, linearBytes));
    this.#buffer.open(from, from + linearBytes);
    view.setUint32(this.#context + skbField.len, bytes.length, true);
    view.setUint32(this.#context + skbField.data, from, true);
    view.setUint32(this.#context + skbField.data_end, from + linearBytes, true);
  }

  #store(): void {
    const skb = this.#skb!;
    if (skb.linearBytes === 0) return;
    const from = this.#buffer.start;
    const bytes = skb.bytes.slice();
    bytes.set(this.#buffer.copy(from, from + skb.linearBytes));
    skb.bytes = bytes;
  }

  #publish(socket: Socket, skb: StreamSkb): void {
    const { view, bytes } = this.#arena;
    const at = this.#context;
    bytes.fill(0, at, at + skbContextBytes);
    const { local, remote, isIpv6 } = socket;
    view.setUint32(at + skbField.protocol, isIpv6 ? networkOrder.ipv6 : networkOrder.ipv4, true);
    view.setUint32(at + skbField.cb, skb.seq, true);
    view.setUint32(at + skbField.cb + 4, skb.seq + skb.bytes.length, true);
    view.setUint32(at + socketField.family, isIpv6 ? families[16] : families[4], true);
    setAddress(view, at + (isIpv6 ? socketField.local_ip6 : socketField.local_ip4), local.address);
    if (remote) setAddress(view, at + (isIpv6 ? socketField.remote_ip6 : socketField.remote_ip4), remote.address);
    view.setUint16(at + socketField.remote_port + 2, remote?.port ?? 0);
    view.setUint32(at + socketField.local_port, local.port, true);
    view.setBigUint64(at + socketField.sk, BigInt(this.#maps.sockets.addressOf(socket)), true);
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const changed = new Uint8Array(length);
  changed.set(bytes.subarray(0, length));
  return changed;
}

function joinedWithRoom(bytes: Uint8Array, room: number): Uint8Array {
  const changed = new Uint8Array(room + bytes.length);
  changed.set(bytes, room);
  return changed;
}
