import { readable, type Arena } from "../arena.js";
import { Fault } from "../fault.js";
import { tcpState, type Socket } from "./socket.js";

/** Offsets in struct bpf_sock (include/uapi/linux/bpf.h). */
const sockField = {
  family: 4,
  type: 8,
  protocol: 12,
  mark: 16,
  priority: 20,
  src_ip4: 24,
  src_ip6: 28,
  src_port: 44,
  dst_port: 48,
  dst_ip4: 52,
  dst_ip6: 56,
  state: 72,
  rx_queue_mapping: 76,
} as const;
const sockBytes = 80;

/** struct bpf_tcp_sock, and the same numbers in struct bpf_sock_ops. */
export const tcpFields = [
  "snd_cwnd",
  "srtt_us",
  "rtt_min",
  "snd_ssthresh",
  "rcv_nxt",
  "snd_nxt",
  "snd_una",
  "mss_cache",
  "ecn_flags",
  "rate_delivered",
  "rate_interval_us",
  "packets_out",
  "retrans_out",
  "total_retrans",
  "segs_in",
  "data_segs_in",
  "segs_out",
  "data_segs_out",
  "lost_out",
  "sacked_out",
] as const;
const tcpSockBytes = 112;
const tcpBytesReceived = 80;
const tcpBytesAcked = 88;

/** AF_UNSPEC, AF_INET and AF_INET6 by the length of addresses. */
export const families = { 0: 0, 4: 2, 16: 10 } as const;
export const protocols = { tcp: 6, udp: 17, none: 0 } as const;
const types = { tcp: 1, udp: 2, none: 0 } as const;

/** TCP_INIT_CWND, the greatest threshold, and what an MTU of 1500 leaves with time stamps. */
const fixed: Readonly<Partial<Record<(typeof tcpFields)[number], number>>> = {
  snd_cwnd: 10,
  snd_ssthresh: 0x7fff_ffff,
  mss_cache: 1448,
};

/** Sockets as the programs of one arena point to them: struct bpf_sock and struct bpf_tcp_sock. */
export class SocketMemory {
  readonly #arena: Arena;
  readonly #addresses = new Map<Socket, number>();
  readonly #sockets = new Map<number, Socket>();
  readonly #tcpAddresses = new Map<Socket, number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Address of the socket's struct bpf_sock, which says how the socket is now. */
  addressOf(socket: Socket): number {
    let address = this.#addresses.get(socket);
    if (address === undefined) {
      address = this.#allocate(sockBytes, "struct bpf_sock");
      this.#addresses.set(socket, address);
      this.#sockets.set(address, socket);
    }
    writeSock(this.#arena.view, address, socket);
    return address;
  }

  /** Puts a socket where another one was, which nothing refers to any more. */
  replace(before: Socket | undefined, socket: Socket): number {
    const address = before && this.#addresses.get(before);
    if (address === undefined) return this.addressOf(socket);
    this.#addresses.delete(before!);
    this.#addresses.set(socket, address);
    this.#sockets.set(address, socket);
    this.#arena.bytes.fill(0, address, address + sockBytes);
    writeSock(this.#arena.view, address, socket);
    return address;
  }

  /** Address of the socket's struct bpf_tcp_sock; 0 where it has none. */
  tcpAddressOf(socket: Socket): number {
    if (socket.protocol !== "tcp" || !isFullSocket(socket)) return 0;
    const address = this.#tcpAddresses.get(socket) ?? this.#allocate(tcpSockBytes, "struct bpf_tcp_sock");
    this.#tcpAddresses.set(socket, address);
    const { view } = this.#arena;
    tcpFields.forEach((name, i) => view.setUint32(address + 4 * i, tcpNumber(socket, name), true));
    view.setBigUint64(address + tcpBytesReceived, BigInt(socket.count.bytesIn), true);
    view.setBigUint64(address + tcpBytesAcked, BigInt(socket.count.bytesOut), true);
    return address;
  }

  /** The socket that a program's pointer means; faults where there is none. */
  at(address: number): Socket {
    const socket = this.#sockets.get(address);
    if (socket) return socket;
    throw new Fault(`takes ${address === 0 ? "a null pointer" : `0x${address.toString(16)}`} for a socket`);
  }

  #allocate(sizeBytes: number, name: string): number {
    const address = this.#arena.allocate(sizeBytes, readable, () => ({ name, start: 0, sizeBytes }));
    if (address === undefined) throw new Fault(`has no memory left for ${name}`);
    return address;
  }
}

/** sk_fullsock(): neither a request nor one that only waits for late segments. */
export function isFullSocket({ state }: Socket): boolean {
  return state !== tcpState.timeWait;
}

/** A field of struct bpf_tcp_sock. */
export function tcpNumber(socket: Socket, name: (typeof tcpFields)[number]): number {
  const { count } = socket;
  switch (name) {
    case "rcv_nxt":
      return socket.receiveNext;
    case "snd_nxt":
    case "snd_una":
      return socket.sendNext;
    case "segs_in":
      return count.segmentsIn;
    case "data_segs_in":
      return count.dataSegmentsIn;
    case "segs_out":
      return count.segmentsOut;
    case "data_segs_out":
      return count.dataSegmentsOut;
    default:
      return fixed[name] ?? 0;
  }
}

function writeSock(view: DataView, address: number, socket: Socket): void {
  const set = (field: keyof typeof sockField, value: number) => view.setUint32(address + sockField[field], value, true);
  const { local, remote, protocol } = socket;
  const length = local.address.length as keyof typeof families;
  set("family", families[length]);
  set("type", types[protocol]);
  set("protocol", protocols[protocol]);
  set("mark", socket.mark);
  set("priority", socket.priority);
  set("src_port", local.port);
  // A be16 and two bytes of zeroes.
  view.setUint16(address + sockField.dst_port, remote?.port ?? 0);
  setAddress(view, address + (length === 16 ? sockField.src_ip6 : sockField.src_ip4), local.address);
  if (remote) setAddress(view, address + (length === 16 ? sockField.dst_ip6 : sockField.dst_ip4), remote.address);
  set("state", socket.state);
  set("rx_queue_mapping", 0xffff_ffff);
}

export function setAddress(view: DataView, address: number, bytes: Uint8Array): void {
  bytes.forEach((byte, i) => view.setUint8(address + i, byte));
}
