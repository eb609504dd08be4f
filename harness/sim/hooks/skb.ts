import { readable, writable, type Arena } from "../arena.js";
import { errno } from "../errno.js";
import { cgroupStorageHelpers, clearCgroupStorage } from "../helpers/cgroup-storage.js";
import { conntrackHelpers } from "../helpers/conntrack.js";
import { cryptoHelpers } from "../helpers/crypto.js";
import { csumHelpers } from "../helpers/csum.js";
import { dynptrHelpers } from "../helpers/dynptr.js";
import { eventHelpers } from "../helpers/events.js";
import { exceptionHelpers } from "../helpers/exceptions.js";
import { fibHelpers } from "../helpers/fib.js";
import { iteratorHelpers } from "../helpers/iterators.js";
import { kernelHelpers } from "../helpers/kernel.js";
import { lockHelpers } from "../helpers/locks.js";
import { lwtHelpers } from "../helpers/lwt.js";
import { mapHelpers } from "../helpers/maps.js";
import { mtuHelpers } from "../helpers/mtu.js";
import { printHelpers } from "../helpers/print.js";
import { skbByteHelpers, storeBytes, storeFlags } from "../helpers/skb-bytes.js";
import { skbCsumHelpers } from "../helpers/skb-csum.js";
import { setCongestionExperienced, skbFlowHelpers } from "../helpers/skb-flow.js";
import { skbRoomHelpers } from "../helpers/skb-room.js";
import { skbTimeHelpers } from "../helpers/skb-time.js";
import { skbTunnelHelpers, type TunnelKey } from "../helpers/skb-tunnel.js";
import { skbVlanHelpers } from "../helpers/skb-vlan.js";
import { packetSocketHelpers, socketHelpers } from "../helpers/sockets.js";
import { syncookieHelpers } from "../helpers/syncookies.js";
import { mergeHelpers, type HelperTable } from "../helpers/table.js";
import { taskHelpers } from "../helpers/task.js";
import { tcpRequestHelpers } from "../helpers/tcp-request.js";
import { timerHelpers } from "../helpers/timers.js";
import type { FieldValue } from "../../model/packet.js";
import type { Helper, PacketLoader } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import type { World } from "../world.js";
import {
  isLwt,
  readSkbFields,
  skbContextBytes,
  skbField,
  writableFields,
  writeSkbField,
  type SkbProgramType,
} from "./skb-fields.js";
import { ethernetBytes, networkOrder, SkbPacket } from "./skb-packet.js";
import type { Socket } from "../sockets/socket.js";
import { testRunSocket } from "../sockets/test-run-socket.js";

const verdicts = { shot: 2, redirect: 7 } as const;

/** BPF_F_INGRESS. */
const ingressFlag = 1n;

/** Where a program that returned TC_ACT_REDIRECT wants the packet to go. */
export interface SkbRedirect {
  readonly ifindex: number;
  /** Into the device's ingress path, into its peer's namespace, or out by way of the neighbour table. */
  readonly way: "egress" | "ingress" | "peer" | "neighbour";
  /** The neighbour that a program names itself (struct bpf_redir_neigh). */
  readonly nextHop?: Uint8Array;
}

export interface SkbClone extends SkbRedirect {
  readonly frame: Uint8Array;
  /** Of the context, as they were then. */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export interface SkbInput {
  /** The whole frame, also for programs that see it from the network header on. */
  readonly bytes: Uint8Array;
  /** Fields of struct __sk_buff before the program runs. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
  /** What an XDP program has put in front of the frame. */
  readonly metadata?: Uint8Array;
  /** How many of them are linear; the rest, and what a page has no room for, is in fragments. */
  readonly linearBytes?: number;
}

/** What programs on packets of the stack see: struct __sk_buff, and the packet, linear or not. */
export class SkbWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader: PacketLoader = { load: (offset, sizeBytes) => this.#load(offset, sizeBytes) };
  /** Address of struct __sk_buff. */
  readonly context: number;
  /** Programs behind the network layer do not see the link-layer header. */
  readonly fromNetwork: boolean;
  redirect: SkbRedirect | undefined;
  /** Copies that the program sent while it ran. */
  clones: SkbClone[] = [];
  tunnelKey: TunnelKey | undefined;
  readonly #arena: Arena;
  readonly #packet: SkbPacket;
  readonly #world: World;
  readonly #maps: MapTable;
  /** That the packet belongs to. */
  #socket: Socket | undefined;

  constructor(type: SkbProgramType, arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.#world = world;
    this.#maps = maps;
    this.context = arena.reserve(skbContextBytes, readable, "struct __sk_buff");
    for (const [offset, sizeBytes] of writableFields[type])
      arena.protect(this.context + offset, sizeBytes, readable | writable);
    this.#packet = new SkbPacket(arena, this.context, type === "sched_cls" || type === "lwt_xmit");
    this.fromNetwork = type !== "sched_cls";
    this.helpers = mergeHelpers(
      mapHelpers(maps, world),
      kernelHelpers(world),
      taskHelpers(world),
      timerHelpers(maps, world),
      printHelpers(world),
      csumHelpers,
      eventHelpers(maps, world, (sizeBytes) => this.#packet.copyAt(0, sizeBytes)),
      skbByteHelpers(this.#packet),
      iteratorHelpers,
      lockHelpers,
      exceptionHelpers,
      conntrackHelpers("bpf_skb_ct_lookup"),
      dynptrHelpers(maps, {
        from: "bpf_dynptr_from_skb",
        isReadOnly: type !== "sched_cls",
        storeFlags,
        length: () => this.#packet.length,
        bytesAt: (offset, length) => this.#packet.bytesAt(offset, length),
        copy: (offset, length) => this.#packet.copyAt(offset, length),
        store: (offset, bytes, flags) => storeBytes(this.#packet, offset, bytes, flags),
      }),
      type === "sched_cls" ? this.#trafficControlHelpers(world) : {},
      type === "cgroup_skb" ? this.#cgroupHelpers(world) : {},
      isLwt(type) ? this.#routeHelpers(type, world) : {},
      this.#socketHelpers(type, world),
      type === "sched_cls" ? fibHelpers(world, false) : {},
    );
  }

  /** Puts a fresh packet into the buffer, as a test run on the loopback device does. */
  open({ bytes, fields = {}, metadata, linearBytes }: SkbInput): void {
    this.redirect = undefined;
    this.clones = [];
    this.tunnelKey = undefined;
    clearCgroupStorage(this.#maps);
    const { view } = this.#arena;
    this.#arena.bytes.fill(0, this.context, this.context + skbContextBytes);
    this.#packet.open(bytes, this.fromNetwork, metadata, linearBytes);
    const set = (field: keyof typeof skbField, value: number) =>
      view.setUint32(this.context + skbField[field], value, true);
    set("pkt_type", packetTypeOf(bytes));
    set("ifindex", 1);
    set("sk", this.#makeSocket());
    const { ip_summed: checksum, ...rest } = fields;
    if (checksum !== undefined) this.#packet.setChecksum(Number(checksum), bytes);
    const given = Object.entries(rest);
    // convert___skb_to_skb() of net/bpf/test_run.c: it comes with a context alone.
    for (const [name, value] of given) writeSkbField(this.contextView(), name, value);
    if (given.length > 0 && !rest["wire_len"]) set("wire_len", this.#packet.length);
  }

  /** Each packet has a socket of its own, as in a test run; where it lies does not change. */
  #makeSocket(): number {
    const { protocol, networkOffset } = this.#packet;
    const addressBytes = protocol === networkOrder.ipv4 ? 4 : protocol === networkOrder.ipv6 ? 16 : 0;
    const header = this.#packet.bytesAt(networkOffset, addressBytes === 16 ? 40 : 20);
    const before = this.#socket;
    before?.leave();
    this.#socket = testRunSocket((before?.cookie ?? 0n) + 1n, addressBytes, header);
    return this.#maps.sockets.replace(before, this.#socket);
  }

  /** The frame as the program left it. */
  packet(): Uint8Array {
    return this.#packet.frame();
  }

  metadata(): Uint8Array {
    return this.#packet.metadata();
  }

  /** What it says about its checksums, a number of ipSummed. */
  get checksumState(): number {
    return this.#packet.checksum.state;
  }

  whyUnusable(): string | undefined {
    return this.#packet.whyUnusable;
  }

  /** Of the frame: what is linear. */
  get linearFrameBytes(): number {
    return this.#packet.linearBytes + (this.fromNetwork ? ethernetBytes : 0);
  }

  /** struct __sk_buff. */
  contextView(): DataView {
    return new DataView(this.#arena.memory.buffer, this.context, skbContextBytes);
  }

  #contextWord(name: keyof typeof skbField): number {
    return this.#arena.view.getUint32(this.context + skbField[name], true);
  }

  /** LD_ABS and LD_IND: also from the network or link-layer header, by large negative offsets. */
  #load(offset: number, sizeBytes: 1 | 2 | 4): number | undefined {
    const bytes = this.#legacyBytes(offset, sizeBytes);
    return bytes?.reduce((value, byte) => value * 256 + byte, 0);
  }

  #legacyBytes(offset: number, sizeBytes: number): Uint8Array | undefined {
    if (offset >= 0) return this.#packet.copyAt(offset, sizeBytes);
    if (offset >= networkOffset) return this.#packet.bytesAt(offset - networkOffset, sizeBytes, "network");
    return offset >= linkOffset ? this.#packet.bytesAt(offset - linkOffset, sizeBytes, "mac") : undefined;
  }

  /** What programs of a cgroup may do beside looking at a packet. */
  #cgroupHelpers(world: World): HelperTable {
    return {
      ...cgroupStorageHelpers(this.#maps, world),
      // bpf_skb_ecn_set_ce(skb)
      97: () => setCongestionExperienced(this.#packet),
    };
  }

  #socketHelpers(type: SkbProgramType, world: World): HelperTable {
    if (isLwt(type)) return {};
    const ofPacket = packetSocketHelpers(this.#maps, () => this.#socket?.cookie ?? 0n);
    // Filters get bpf_get_socket_cookie() and bpf_get_socket_uid() alone (sk_filter_func_proto).
    if (type === "socket_filter") return { 46: ofPacket[46]!, 47: ofPacket[47]! };
    return { ...ofPacket, ...socketHelpers(this.#maps, world) };
  }

  /** What programs on a route may do: those that see packets last nearly as much as those of traffic control. */
  #routeHelpers(type: SkbProgramType, world: World): HelperTable {
    const all = this.#trafficControlHelpers(world);
    const allowed = type === "lwt_xmit" ? [...lwtNumbers, ...lwtXmitNumbers] : lwtNumbers;
    const own = Object.fromEntries(allowed.map((number) => [number, all[number]!]));
    // bpf_get_cgroup_classid(skb)
    return { ...own, ...lwtHelpers(type, this.#packet), 17: () => 0 };
  }

  /** What only programs of traffic control may do to a packet. */
  #trafficControlHelpers(world: World): HelperTable {
    const redirect = (ifindex: number, way: SkbRedirect["way"], nextHop?: Uint8Array) => {
      this.redirect = { ifindex, way, ...(nextHop && { nextHop }) };
      return verdicts.redirect;
    };
    return {
      ...skbCsumHelpers(this.#packet),
      ...skbRoomHelpers(this.#packet),
      ...skbVlanHelpers(this.#packet),
      ...skbFlowHelpers(this.#packet),
      ...skbTunnelHelpers(this),
      ...skbTimeHelpers(this.#packet),
      ...syncookieHelpers,
      ...cryptoHelpers,
      ...tcpRequestHelpers(this.#maps, () => this.#packet.protocol),
      // bpf_get_route_realm(skb): a packet that comes in has no route yet.
      24: () => 0,
      // bpf_skb_get_xfrm_state(skb, index, xfrm_state, size, flags): nothing was decrypted.
      66: (call) => {
        call.write(3, call.u32(4)).fill(0);
        return -errno.EINVAL;
      },
      ...mtuHelpers(world, {
        length: () => this.#packet.length,
        ifindex: () => this.#contextWord("ifindex"),
        isGso: () => this.#contextWord("gso_size") !== 0,
      }),
      // bpf_clone_redirect(skb, ifindex, flags)
      13: (call) => {
        const [ifindex, flags] = [call.u32(2), call.u64(3)];
        if ((flags & ~ingressFlag) !== 0n || !this.#world.devices.has(ifindex)) return -errno.EINVAL;
        const way = flags === ingressFlag ? "ingress" : "egress";
        this.clones.push({ frame: this.packet(), fields: readSkbFields(this.contextView()), ifindex, way });
        return 0;
      },
      // bpf_redirect(ifindex, flags)
      23: (call) => {
        const flags = call.u64(2);
        if ((flags & ~ingressFlag) !== 0n) return verdicts.shot;
        return redirect(call.u32(1), flags === ingressFlag ? "ingress" : "egress");
      },
      // bpf_set_hash_invalid(skb)
      41: () => {
        this.#arena.view.setUint32(this.context + skbField.hash, 0, true);
        return 0;
      },
      // bpf_set_hash(skb, hash)
      48: (call) => {
        this.#arena.view.setUint32(this.context + skbField.hash, call.u32(2), true);
        return 0;
      },
      // bpf_redirect_neigh(ifindex, params, plen, flags)
      152: (call) => {
        const parameterBytes = call.u32(3);
        if ((parameterBytes > 0 && parameterBytes < neighbourParameterBytes) || call.u64(4) !== 0n)
          return verdicts.shot;
        const parameters = parameterBytes > 0 ? call.read(2, parameterBytes) : undefined;
        return redirect(call.u32(1), "neighbour", parameters && nextHopOf(parameters));
      },
      // bpf_redirect_peer(ifindex, flags)
      155: (call) => (call.u64(2) === 0n ? redirect(call.u32(1), "peer") : verdicts.shot),
    };
  }
}

/** lwt_out_func_proto() of net/core/filter.c, without what all programs have: get_route_realm, get_hash_recalc. */
const lwtNumbers = [24, 34];

/** lwt_xmit_func_proto(): csum_replace, clone_redirect, tunnel keys and options, redirect, change_tail, csum_update, set_hash_invalid, change_head. */
const lwtXmitNumbers = [10, 11, 13, 20, 21, 23, 29, 30, 38, 40, 41, 43];

/** SKF_NET_OFF and SKF_LL_OFF of include/uapi/linux/filter.h. */
const networkOffset = -0x100000;
const linkOffset = -0x200000;

/** sizeof(struct bpf_redir_neigh). */
const neighbourParameterBytes = 20;

/** The address in struct bpf_redir_neigh: its family, then what that has. */
function nextHopOf(parameters: Uint8Array): Uint8Array | undefined {
  const bytes = addressBytes[parameters[0]!];
  return bytes === undefined ? undefined : parameters.slice(4, 4 + bytes);
}

/** Bytes of an address by AF_INET and AF_INET6. */
const addressBytes: Readonly<Record<number, number>> = { 2: 4, 10: 16 };

/** PACKET_HOST to PACKET_OTHERHOST for a frame on the loopback device, whose address is all zeroes. */
function packetTypeOf(frame: Uint8Array): number {
  const destination = frame.subarray(0, 6);
  if (destination.every((byte) => byte === 0)) return 0;
  if (destination.every((byte) => byte === 0xff)) return 1;
  return (destination[0]! & 1) === 1 ? 2 : 3;
}
