import { harnessError } from "../../model/error.js";
import { addressOf, libc, orThrow, systemError } from "../../kernel/libc.js";
import { SocketMessages, type SocketFrame } from "./socket-messages.js";

/** packet(7), socket(7): include/uapi/linux/if_packet.h and asm-generic/socket.h. */
const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x8_0000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_QDISC_BYPASS = 20;
const PACKET_IGNORE_OUTGOING = 23;
const POLLIN = 1;
const ENOBUFS = 105;
const EAGAIN = 11;

/** Capture all ethertypes, before traffic control has seen the frame; any other ethertype is captured after it. */
export const ETH_P_ALL = 0x0003;

/** Room for frames that nobody has fetched yet: some 20,000 small ones. */
const receiveBufferBytes = 16 * 1024 * 1024;

/** How long the send buffer may stay full before sending counts as failed. */
const fullBufferMs = 5_000;

export interface PacketSocketOptions {
  readonly ifindex: number;
  /** Ethertype to capture; undefined = send only. */
  readonly capture: number | undefined;
  /** Send past the queueing discipline and so past TC egress programs. */
  readonly bypassQdisc?: boolean;
}

/** An AF_PACKET socket on one interface. Opened in a namespace, it stays there whichever thread uses it. */
export class PacketSocket {
  readonly #fd: number;
  #lost = 0;

  constructor({ ifindex, capture, bypassQdisc = false }: PacketSocketOptions) {
    // Protocol 0: nothing is captured until bind says from which interface.
    this.#fd = orThrow(libc().socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0), "opening a packet socket");
    if (capture !== undefined) {
      this.#set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes);
      this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
      this.#set(SOL_PACKET, PACKET_AUXDATA, 1);
      this.#set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    }
    if (bypassQdisc) this.#set(SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    const address = linkAddress(ifindex, capture ?? 0);
    orThrow(libc().bind(this.#fd, address, address.length), "binding a packet socket");
  }

  /** For another thread of this process to send on. */
  get fd(): number {
    return this.#fd;
  }

  /** Takes what has arrived, oldest first. */
  receive(): readonly SocketFrame[] {
    const frames: SocketFrame[] = [];
    for (;;) {
      const batch = messages().receive(this.#fd);
      if (typeof batch === "number") {
        if (batch === -EAGAIN) return frames;
        throw systemError(-batch, "capturing frames");
      }
      frames.push(...batch);
    }
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    return sendAll(this.#fd, frames);
  }

  /** Blocks the thread: for waits that are known to be short. */
  poll(timeoutMs: number): boolean {
    const descriptor = new Uint8Array(8);
    const view = new DataView(descriptor.buffer);
    view.setInt32(0, this.#fd, true);
    view.setInt16(4, POLLIN, true);
    return libc().poll(descriptor, 1, timeoutMs) > 0;
  }

  /** Frames that found the receive buffer full since the socket was opened. */
  lost(): number {
    const statistics = new Uint8Array(8);
    const size = new Uint8Array(Uint32Array.of(statistics.length).buffer);
    orThrow(libc().getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, statistics, size), "asking for lost frames");
    // {tp_packets, tp_drops}; reading sets both to zero.
    this.#lost += new DataView(statistics.buffer).getUint32(4, true);
    return this.#lost;
  }

  async close(): Promise<void> {
    await libc().closeInBackground(this.#fd);
  }

  #set(level: number, option: number, value: number): void {
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    orThrow(libc().setsockopt(this.#fd, level, option, bytes, bytes.length), `setting socket option ${option}`);
  }
}

/**
 * Hands all frames to the kernel, waiting while the socket's send buffer is full. A frame that an egress program
 * drops is sent as far as this goes, although the kernel reports it (ENOBUFS, from NET_XMIT_DROP).
 */
export async function sendAll(fd: number, frames: readonly Uint8Array[]): Promise<void> {
  let giveUpAt: number | undefined;
  for (let done = 0; done < frames.length;) {
    const sent = messages().send(fd, frames, done);
    if (sent > 0 || sent === -ENOBUFS) {
      done += Math.max(1, sent);
      giveUpAt = undefined;
      continue;
    }
    if (sent !== -EAGAIN) throw systemError(-sent, "sending a frame", undefined, "topology");
    giveUpAt ??= performance.now() + fullBufferMs;
    if (performance.now() > giveUpAt)
      throw harnessError("timeout", `the interface has taken no frame for ${fullBufferMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

let sharedMessages: SocketMessages | undefined;

/** One set of buffers serves all sockets: every use of it is synchronous. */
function messages(): SocketMessages {
  sharedMessages ??= new SocketMessages(libc(), addressOf);
  return sharedMessages;
}

/** struct sockaddr_ll. */
function linkAddress(ifindex: number, protocol: number): Uint8Array {
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, ifindex, true);
  return address;
}
