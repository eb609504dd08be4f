import { readable, type Arena } from "../arena.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { socketBaseHelpers } from "../helpers/base.js";
import { redirectHelper } from "../helpers/sock-map.js";
import { socketStorageHelpers } from "../helpers/socket-storage.js";
import { mergeHelpers } from "../helpers/table.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import type { Message } from "../sockets/message.js";
import type { SocketRedirect, StreamVerdict } from "../sockets/psock.js";
import { families, setAddress } from "../sockets/socket-memory.js";
import type { Socket } from "../sockets/socket.js";
import type { World } from "../world.js";
import { PacketBuffer } from "./packet-buffer.js";

/** Offsets in struct sk_msg_md (include/uapi/linux/bpf.h). */
const field = {
  data: 0,
  data_end: 8,
  family: 16,
  remote_ip4: 20,
  local_ip4: 24,
  remote_ip6: 28,
  local_ip6: 44,
  remote_port: 60,
  local_port: 64,
  size: 68,
  sk: 72,
} as const;
const contextBytes = 80;

/** What a program can make contiguous at a time. */
const mostWindowBytes = 65_536;

const pass = 1;

/** What sk_msg programs see: struct sk_msg_md, and the part of the message that is contiguous. */
export class SkMsgWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader = undefined;
  readonly #arena: Arena;
  readonly #maps: MapTable;
  readonly #context: number;
  readonly #buffer: PacketBuffer;
  #message: Message | undefined;
  #redirect: SocketRedirect | undefined;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.#maps = maps;
    this.#context = arena.reserve(contextBytes, readable, "struct sk_msg_md");
    this.#buffer = new PacketBuffer(arena, mostWindowBytes, undefined, "the message");
    const redirect = (target: SocketRedirect) => {
      this.#redirect = target;
    };
    this.helpers = mergeHelpers(socketBaseHelpers(maps, world), socketStorageHelpers(maps), {
      // bpf_msg_redirect_map(msg, map, key, flags)
      60: redirectHelper(maps, "index", redirect),
      // bpf_msg_apply_bytes(msg, bytes)
      61: (call) => {
        this.#open.applyBytes = call.u32(2);
        return 0;
      },
      // bpf_msg_cork_bytes(msg, bytes)
      62: (call) => {
        this.#open.corkBytes = call.u32(2);
        return 0;
      },
      // bpf_msg_pull_data(msg, start, end, flags)
      63: (call) => this.#change(call, (message, start, end) => message.pull(start, end)),
      // bpf_msg_redirect_hash(msg, map, key, flags)
      71: redirectHelper(maps, "pointer", redirect),
      // bpf_msg_push_data(msg, start, len, flags)
      90: (call) => this.#change(call, (message, start, length) => message.push(start, length)),
      // bpf_msg_pop_data(msg, start, len, flags)
      91: (call) => this.#change(call, (message, start, length) => message.pop(start, length)),
      // bpf_get_netns_cookie(msg)
      122: () => 1,
    });
  }

  /** `run` runs the program with its context and gives back what it returned. */
  run(run: (context: number) => number, socket: Socket, message: Message): StreamVerdict {
    this.#message = message;
    this.#redirect = undefined;
    message.openFirst();
    this.#publishSocket(socket);
    this.#load();
    const returned = run(this.#context);
    this.#store();
    this.#message = undefined;
    return { passed: returned === pass, redirect: this.#redirect };
  }

  get #open(): Message {
    if (!this.#message) throw new Error("there is a message while a program runs");
    return this.#message;
  }

  #change(call: Call, change: (message: Message, start: number, length: number) => number): number {
    if (call.u64(4) !== 0n) return -errno.EINVAL;
    const message = this.#open;
    this.#store();
    const result = change(message, call.u32(2), call.u32(3));
    this.#load();
    return result;
  }

  /** The part that the program can access goes to memory, and comes back. */
  #load(): void {
    const { view } = this.#arena;
    const message = this.#open;
    const { start, end } = message.window;
    const bytes = message.bytes.subarray(start, Math.min(end, start + mostWindowBytes));
    const from = this.#buffer.start;
    this.#buffer.set(from, bytes);
    this.#buffer.open(from, from + bytes.length);
    view.setBigUint64(this.#context + field.data, BigInt(from), true);
    view.setBigUint64(this.#context + field.data_end, BigInt(from + bytes.length), true);
    view.setUint32(this.#context + field.size, message.sizeBytes, true);
  }

  #store(): void {
    const { start, end } = this.#open.window;
    const from = this.#buffer.start;
    this.#open.store(start, this.#buffer.copy(from, from + Math.min(end - start, mostWindowBytes)));
  }

  #publishSocket(socket: Socket): void {
    const { view, bytes } = this.#arena;
    const at = this.#context;
    bytes.fill(0, at, at + contextBytes);
    const { local, remote, isIpv6 } = socket;
    view.setUint32(at + field.family, isIpv6 ? families[16] : families[4], true);
    setAddress(view, at + (isIpv6 ? field.local_ip6 : field.local_ip4), local.address);
    if (remote) setAddress(view, at + (isIpv6 ? field.remote_ip6 : field.remote_ip4), remote.address);
    view.setUint16(at + field.remote_port + 2, remote?.port ?? 0);
    view.setUint32(at + field.local_port, local.port, true);
    view.setBigUint64(at + field.sk, BigInt(this.#maps.sockets.addressOf(socket)), true);
  }
}
