import type { Psock } from "./psock.js";

/** TCP_ESTABLISHED to TCP_CLOSING (include/net/tcp_states.h), which programs see as BPF_TCP_…. */
export const tcpState = {
  established: 1,
  synSent: 2,
  synReceived: 3,
  finWait1: 4,
  finWait2: 5,
  timeWait: 6,
  close: 7,
  closeWait: 8,
  lastAck: 9,
  listen: 10,
} as const;

export type TcpState = (typeof tcpState)[keyof typeof tcpState];

/** `none`: of the socket that a test run gives to packets. */
export type SocketProtocol = "tcp" | "udp" | "none";

/** One end of a connection. */
export interface Endpoint {
  /** 4 or 16 bytes in network order; none where a socket has no family. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Bytes in a TCP receive queue, as one skb. */
export interface ReceivedSkb {
  /** Sequence number of the first byte. */
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** What a socket option was set to, by level and name. */
export type SocketOptions = Map<string, Uint8Array>;

/** More is not put into one skb (GSO_LEGACY_MAX_SIZE). */
const mostSkbBytes = 65_536;

/** A socket of a simulated host: what the kernel keeps in struct sock and struct tcp_sock, as far as programs see it. */
export class Socket {
  /** bpf_get_socket_cookie(). */
  readonly cookie: bigint;
  readonly host: string;
  readonly protocol: SocketProtocol;
  readonly local: Endpoint;
  /** Undefined for one that listens. */
  readonly remote: Endpoint | undefined;
  state: TcpState;
  mark = 0;
  priority = 0;
  /** bpf_sock_ops_cb_flags. */
  callbackFlags = 0;
  readonly options: SocketOptions = new Map();
  /** The other end, while there is one. */
  peer: Socket | undefined;
  /** Of the next byte to send, and of the next to receive. */
  sendNext: number;
  receiveNext = 0;
  readonly count = { segmentsIn: 0, dataSegmentsIn: 0, segmentsOut: 0, dataSegmentsOut: 0, bytesIn: 0, bytesOut: 0 };
  /** What has arrived by TCP and nobody has read. */
  readonly queue: ReceivedSkb[] = [];
  /** Once the socket was put into a sockmap or sockhash. */
  psock: Psock | undefined;
  /** Told when the socket is closed or its state becomes TCP_CLOSE: maps and storage let go of it. */
  readonly onGone = new Set<() => void>();
  /** What was read, for whoever asks next. */
  #read: Uint8Array[] = [];

  constructor(parts: {
    cookie: bigint;
    host: string;
    protocol: SocketProtocol;
    local: Endpoint;
    remote?: Endpoint | undefined;
    state: TcpState;
    firstSeq?: number;
  }) {
    this.cookie = parts.cookie;
    this.host = parts.host;
    this.protocol = parts.protocol;
    this.local = parts.local;
    this.remote = parts.remote;
    this.state = parts.state;
    this.sendNext = parts.firstSeq ?? 0;
  }

  get isIpv6(): boolean {
    return this.local.address.length === 16;
  }

  /** A segment's payload arrives: it joins the skb before it, as tcp_try_coalesce() has it. */
  enqueue(bytes: Uint8Array): void {
    this.count.segmentsIn++;
    this.count.dataSegmentsIn++;
    this.count.bytesIn += bytes.length;
    const last = this.queue.at(-1);
    if (last && last.bytes.length + bytes.length <= mostSkbBytes)
      this.queue[this.queue.length - 1] = { seq: last.seq, bytes: joined([last.bytes, bytes]) };
    else this.queue.push({ seq: this.receiveNext, bytes });
    this.receiveNext = (this.receiveNext + bytes.length) >>> 0;
  }

  /** recv(): what programs put into the socket first, then what came by TCP. */
  read(): Uint8Array {
    const chunks = [...(this.psock?.ingress.splice(0) ?? []), ...this.queue.splice(0).map(({ bytes }) => bytes)];
    return joined(chunks);
  }

  /** Reads what is there, as an application that waits for data does, and keeps it for `taken`. */
  drain(): void {
    const bytes = this.read();
    if (bytes.length > 0) this.#read.push(bytes);
  }

  /** All that the application has read since the last time. */
  taken(): Uint8Array {
    return joined(this.#read.splice(0));
  }

  /** Everything that refers to the socket lets go. */
  leave(): void {
    for (const gone of this.onGone) gone();
    this.onGone.clear();
  }
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
