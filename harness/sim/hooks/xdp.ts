import { readable, type Arena } from "../arena.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import { conntrackHelpers } from "../helpers/conntrack.js";
import { cryptoHelpers } from "../helpers/crypto.js";
import { csumHelpers } from "../helpers/csum.js";
import { dynptrHelpers } from "../helpers/dynptr.js";
import { kernelFunctions } from "../kernel-functions.js";
import { eventHelpers } from "../helpers/events.js";
import { exceptionHelpers } from "../helpers/exceptions.js";
import { fibHelpers } from "../helpers/fib.js";
import { iteratorHelpers } from "../helpers/iterators.js";
import { kernelHelpers } from "../helpers/kernel.js";
import { lockHelpers } from "../helpers/locks.js";
import { mapHelpers } from "../helpers/maps.js";
import { mtuHelpers } from "../helpers/mtu.js";
import { printHelpers } from "../helpers/print.js";
import { socketHelpers } from "../helpers/sockets.js";
import { syncookieHelpers } from "../helpers/syncookies.js";
import { mergeHelpers, type HelperTable } from "../helpers/table.js";
import { taskHelpers } from "../helpers/task.js";
import { timerHelpers } from "../helpers/timers.js";
import type { Helper } from "../machine.js";
import { u32Key } from "../maps/array.js";
import type { MapTable } from "../maps/map-table.js";
import { ReferenceStore } from "../maps/reference.js";
import type { HookWorld } from "../simulated-object.js";
import type { World } from "../world.js";
import { Fragments, mostFragmentBytes } from "./fragments.js";
import { PacketBuffer } from "./packet-buffer.js";

/** XDP_PACKET_HEADROOM of include/uapi/linux/bpf.h. */
const headroomBytes = 256;

/** A frame has a page (bpf_prog_test_run_xdp of net/bpf/test_run.c), whose end belongs to struct skb_shared_info. */
const frameBytes = 4096;
const sharedInfoBytes = 320;

/** struct xdp_frame, which the kernel puts at the beginning of the headroom. */
const xdpFrameBytes = 40;

/** The longest packet without fragments. */
const mostLinearBytes = frameBytes - headroomBytes - sharedInfoBytes;

const ethernetBytes = 14;

/** Fields of struct xdp_md, all of 32 bits, in their order. */
const field = { data: 0, dataEnd: 1, dataMeta: 2, ingressIfindex: 3, rxQueueIndex: 4, egressIfindex: 5 } as const;
const contextWords = 6;

const verdicts = { aborted: 0, redirect: 4 } as const;

/** Flags of bpf_redirect_map(): a verdict for misses, and what to do with several targets. */
const redirectFlags = { action: 3, broadcast: 8, excludeIngress: 16 } as const;

const nothing = new Uint8Array();

/** Where a program that returned XDP_REDIRECT wants the packet to go. */
export type Redirect =
  | { readonly kind: "device"; readonly ifindex: number }
  | {
      readonly kind: "map";
      readonly map: string;
      readonly key: Uint8Array;
      readonly broadcast: boolean;
      /** Of a broadcast: not to the interface by which the packet came in. */
      readonly excludesIngress: boolean;
    };

export interface XdpInput {
  /** Metadata in front of it included, as data_in of a test run. */
  readonly bytes: Uint8Array;
  readonly metadataBytes?: number;
  /** How many of them are to be in the first buffer; the rest, and what that has no room for, is in fragments. */
  readonly linearBytes?: number;
  readonly ingressIfindex?: number;
  readonly rxQueueIndex?: number;
  readonly egressIfindex?: number;
}

/** What XDP programs see: a packet in a buffer with headroom, tailroom and metadata, and maybe in further ones. */
export class XdpWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  /** The kernel has legacy loads only for skbs. */
  readonly loader = undefined;
  /** Address of struct xdp_md. */
  readonly context: number;
  redirect: Redirect | undefined;
  /** struct xdp_md. */
  readonly #words: Uint32Array;
  readonly #maps: MapTable;
  readonly #buffer: PacketBuffer;
  readonly #fragments: Fragments;
  #data = 0;
  #dataEnd = 0;
  #dataMeta = 0;
  /** The lowest address that this packet has had. */
  #lowest = Number.MAX_SAFE_INTEGER;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#maps = maps;
    this.#buffer = new PacketBuffer(arena, frameBytes);
    this.#fragments = new Fragments(arena);
    this.context = arena.reserve(4 * contextWords, readable, "struct xdp_md");
    this.#words = new Uint32Array(arena.memory.buffer, this.context, contextWords);
    const sample = (sizeBytes: number) => (sizeBytes <= this.#length ? this.#copy(0, sizeBytes) : undefined);
    this.helpers = mergeHelpers(
      mapHelpers(maps, world),
      kernelHelpers(world),
      taskHelpers(world),
      timerHelpers(maps, world),
      socketHelpers(maps, world),
      mtuHelpers(world, {
        length: () => this.#dataEnd - this.#data,
        ifindex: () => this.#words[field.ingressIfindex]!,
        isGso: undefined,
      }),
      printHelpers(world),
      csumHelpers,
      fibHelpers(world, true),
      eventHelpers(maps, world, sample),
      iteratorHelpers,
      lockHelpers,
      cryptoHelpers,
      exceptionHelpers,
      syncookieHelpers,
      conntrackHelpers("bpf_xdp_ct_lookup"),
      dynptrHelpers(maps, {
        from: "bpf_dynptr_from_xdp",
        isReadOnly: false,
        storeFlags: 0n,
        length: () => this.#length,
        bytesAt: (offset, length) => this.#bytesAt(offset, length),
        copy: (offset, length) => (this.#isInside(offset, length) ? this.#copy(offset, length) : undefined),
        store: (offset, bytes) => this.#store(offset, bytes),
      }),
      this.#ownHelpers(),
    );
  }

  /** The longest packet that a test run has room for: in a frame, or in fragments, too. */
  static maxPacketBytes(frags: boolean): number {
    return mostLinearBytes + (frags ? mostFragmentBytes : 0);
  }

  /** Puts a fresh packet into the buffer. */
  open(input: XdpInput): void {
    const { bytes, metadataBytes = 0, ingressIfindex = 1, rxQueueIndex = 0, egressIfindex = 0 } = input;
    this.redirect = undefined;
    const start = this.#buffer.start + headroomBytes - metadataBytes;
    // The packet before may have grown into the headroom, which is zero in a test run.
    if (this.#lowest < start) this.#buffer.clear(this.#lowest, start);
    this.#lowest = start;
    const linearBytes = Math.min(input.linearBytes ?? bytes.length, mostLinearBytes + metadataBytes);
    // Parts of arrays are dear: of most packets there is one part only.
    const isWhole = linearBytes === bytes.length;
    this.#buffer.set(start, isWhole ? bytes : bytes.subarray(0, linearBytes));
    this.#fragments.open(isWhole ? nothing : bytes.subarray(linearBytes));
    this.#place(start, start + metadataBytes, start + linearBytes);
    this.#words[field.ingressIfindex] = ingressIfindex;
    this.#words[field.rxQueueIndex] = rxQueueIndex;
    this.#words[field.egressIfindex] = egressIfindex;
  }

  /** The packet as the program left it, metadata not included. */
  packet(): Uint8Array {
    return this.#copy(0, this.#length);
  }

  metadata(): Uint8Array {
    return this.#buffer.copy(this.#dataMeta, this.#data);
  }

  #place(dataMeta: number, data: number, dataEnd: number): void {
    this.#dataMeta = dataMeta;
    this.#data = data;
    this.#dataEnd = dataEnd;
    this.#lowest = Math.min(this.#lowest, dataMeta);
    this.#words[field.data] = data;
    this.#words[field.dataEnd] = dataEnd;
    this.#words[field.dataMeta] = dataMeta;
    this.#buffer.open(dataMeta, dataEnd);
  }

  #ownHelpers(): HelperTable {
    return {
      // bpf_redirect(ifindex, flags)
      23: (call) => {
        if (call.u64(2) !== 0n) return verdicts.aborted;
        this.redirect = { kind: "device", ifindex: call.u32(1) };
        return verdicts.redirect;
      },
      // bpf_xdp_adjust_head(ctx, delta)
      44: (call) => this.#adjustHead(call.i32(2)),
      // bpf_redirect_map(map, key, flags)
      51: (call) => this.#redirectMap(call),
      // bpf_xdp_adjust_meta(ctx, delta)
      54: (call) => this.#adjustMeta(call.i32(2)),
      // bpf_xdp_adjust_tail(ctx, delta)
      65: (call) => this.#adjustTail(call.i32(2)),
      // bpf_xdp_get_buff_len(ctx)
      188: () => this.#length,
      // bpf_xdp_load_bytes(ctx, offset, buffer, length)
      189: (call) => {
        const [offset, length] = [call.u32(2), call.u32(4)];
        const out = call.write(3, length);
        const refused = this.#refuses(offset, length);
        if (refused === 0) out.set(this.#copy(offset, length));
        return refused;
      },
      // bpf_xdp_store_bytes(ctx, offset, buffer, length)
      190: (call) => this.#store(call.u32(2), call.read(3, call.u32(4))),
      // bpf_xdp_pull_data(ctx, len)
      ...kernelFunctions({ bpf_xdp_pull_data: (call) => this.#pull(call.u32(2)) }),
    };
  }

  /** In all buffers. */
  get #length(): number {
    return this.linearBytes + this.#fragments.sizeBytes;
  }

  /** Of the packet: what is in the first buffer. */
  get linearBytes(): number {
    return this.#dataEnd - this.#data;
  }

  #isInside(offset: number, length: number): boolean {
    return offset + length <= this.#length;
  }

  /** What bpf_xdp_pointer() says of bytes that it does not give. */
  #refuses(offset: number, length: number): number {
    if (offset > 0xffff || length > 0xffff) return -errno.EFAULT;
    return this.#isInside(offset, length) ? 0 : -errno.EINVAL;
  }

  /** Bytes that lie in one buffer, as a view; undefined where they do not. */
  #bytesAt(offset: number, length: number): Uint8Array | undefined {
    if (this.#refuses(offset, length) !== 0) return undefined;
    if (offset >= this.linearBytes) return this.#fragments.bytesAt(offset - this.linearBytes, length);
    return offset + length <= this.linearBytes ? this.#buffer.view(this.#data + offset, length) : undefined;
  }

  #copy(offset: number, length: number): Uint8Array {
    const linear = this.#buffer.copy(
      Math.min(this.#data + offset, this.#dataEnd),
      Math.min(this.#data + offset + length, this.#dataEnd),
    );
    if (linear.length === length) return linear;
    const out = new Uint8Array(length);
    out.set(linear);
    const behind = Math.max(0, offset - this.linearBytes);
    out.set(this.#fragments.copy(behind, length - linear.length), linear.length);
    return out;
  }

  #store(offset: number, bytes: Uint8Array): number {
    const refused = this.#refuses(offset, bytes.length);
    if (refused !== 0) return refused;
    const linear = bytes.subarray(0, Math.max(0, this.linearBytes - offset));
    this.#buffer.set(this.#data + offset, linear.slice());
    this.#fragments.write(Math.max(0, offset - this.linearBytes), bytes.subarray(linear.length));
    return 0;
  }

  /** bpf_xdp_pull_data of net/core/filter.c: what the tailroom is too small for moves the packet into the headroom. */
  #pull(length: number): number {
    const missing = length - this.linearBytes;
    if (missing <= 0) return 0;
    if (length > this.#length) return -errno.EINVAL;
    const headroom = this.#dataMeta - this.#buffer.start - xdpFrameBytes;
    const tailroom = this.#buffer.end - sharedInfoBytes - this.#dataEnd;
    if (missing > headroom + tailroom) return -errno.EINVAL;
    const shift = Math.max(0, missing - tailroom);
    this.#buffer.move(this.#dataMeta - shift, this.#dataMeta, this.#dataEnd - this.#dataMeta);
    const end = this.#dataEnd - shift;
    this.#buffer.set(end, this.#fragments.take(missing));
    this.#place(this.#dataMeta - shift, this.#data - shift, end + missing);
    return 0;
  }

  /** bpf_xdp_adjust_head of net/core/filter.c: metadata moves along. */
  #adjustHead(delta: number): number {
    const metadataBytes = this.#data - this.#dataMeta;
    const data = this.#data + delta;
    const lowest = this.#buffer.start + xdpFrameBytes + metadataBytes;
    if (data < lowest || data > this.#dataEnd - ethernetBytes) return -errno.EINVAL;
    this.#buffer.move(this.#dataMeta + delta, this.#dataMeta, metadataBytes);
    this.#place(this.#dataMeta + delta, data, this.#dataEnd);
    return 0;
  }

  /** bpf_xdp_adjust_tail: what is gained is zero. */
  #adjustTail(delta: number): number {
    if (this.#fragments.sizeBytes > 0) return this.#adjustFragments(delta);
    const end = this.#dataEnd + delta;
    if (end > this.#buffer.end - sharedInfoBytes || end < this.#data + ethernetBytes) return -errno.EINVAL;
    if (delta > 0) this.#buffer.clear(this.#dataEnd, end);
    this.#place(this.#dataMeta, this.#data, end);
    return 0;
  }

  /** bpf_xdp_frags_increase_tail() and bpf_xdp_frags_shrink_tail(). */
  #adjustFragments(delta: number): number {
    if (delta >= 0) return this.#fragments.grow(delta) ? 0 : -errno.EINVAL;
    if (-delta > this.#length - ethernetBytes) return -errno.EINVAL;
    const left = this.#fragments.trim(-delta);
    this.#place(this.#dataMeta, this.#data, this.#dataEnd - left);
    return 0;
  }

  /** bpf_xdp_adjust_meta: a multiple of four, no more than skb_shared_info.meta_len can say. */
  #adjustMeta(delta: number): number {
    const meta = this.#dataMeta + delta;
    if (meta < this.#buffer.start + xdpFrameBytes || meta > this.#data) return -errno.EINVAL;
    const metadataBytes = this.#data - meta;
    if (metadataBytes % 4 !== 0 || metadataBytes > 255) return -errno.EACCES;
    this.#place(meta, this.#data, this.#dataEnd);
    return 0;
  }

  /** __bpf_xdp_redirect_map of include/linux/filter.h. */
  #redirectMap(call: Call): number {
    const map = this.#maps.at(call.address(1));
    if (!(map instanceof ReferenceStore))
      throw new Fault(`redirects to map '${map.spec.name}', which holds no targets`);
    const key = u32Key(call.u32(2));
    const flags = call.address(3);
    const isDevmap = map.spec.type === "devmap" || map.spec.type === "devmap_hash";
    const allowed = redirectFlags.action | (isDevmap ? redirectFlags.broadcast | redirectFlags.excludeIngress : 0);
    if (flags > 0xff || (flags & ~allowed) !== 0) return verdicts.aborted;
    const broadcast = (flags & redirectFlags.broadcast) !== 0;
    if (!broadcast && !map.get(key)) return flags & redirectFlags.action;
    const excludesIngress = (flags & redirectFlags.excludeIngress) !== 0;
    this.redirect = { kind: "map", map: map.spec.name, key, broadcast, excludesIngress };
    return verdicts.redirect;
  }
}
