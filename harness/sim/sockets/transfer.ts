import { errno } from "../errno.js";
import { Message } from "./message.js";
import type { Psock, SocketRedirect, StreamSkb, StreamVerdict } from "./psock.js";
import { tcpState, type Socket } from "./socket.js";
import { StreamParser } from "./stream-parser.js";

/** One skb holds so much at most. */
const mostSegmentBytes = 65_536;

/** How bytes get from socket to socket: the stack, and what programs of the sockets' maps make of it. */
export interface Transfer {
  /** Called when something has arrived that an application can read. */
  readonly onReadable: (socket: Socket) => void;
}

/**
 * send(2): the message verdict of the socket's map, then the stack (net/ipv4/tcp_bpf.c, tcp_bpf_sendmsg). Returns the
 * number of bytes taken, or a negative errno.
 */
export function sendBytes(transfer: Transfer, socket: Socket, bytes: Uint8Array): number {
  const { psock } = socket;
  if (socket.state !== tcpState.established && socket.state !== tcpState.closeWait) return -errno.EPIPE;
  if (!psock?.programs.message) {
    push(transfer, socket, bytes);
    return bytes.length;
  }
  let [from, copied] = [0, 0];
  while (from < bytes.length) {
    const message = psock.cork ?? new Message();
    const taken = message.append(bytes.subarray(from));
    from += taken;
    copied += taken;
    const isFull = from < bytes.length;
    if (psock.corkBytes > 0) {
      psock.corkBytes = Math.max(0, psock.corkBytes - taken);
      if (psock.corkBytes > 0 && !isFull) return copied;
      psock.verdict = undefined;
      psock.corkBytes = 0;
    }
    const { error, lost } = applyVerdict(transfer, socket, psock, message);
    copied -= lost;
    if (error !== 0) return copied > 0 ? copied : error;
  }
  return copied;
}

/** tcp_bpf_send_verdict(). `lost` is what the caller is told that it has not sent. */
function applyVerdict(
  transfer: Transfer,
  socket: Socket,
  psock: Psock,
  message: Message,
): { readonly error: number; readonly lost: number } {
  const wasFull = message.isFull;
  const ask = psock.programs.message!;
  let lost = 0;
  do {
    let shrunk = 0;
    if (!psock.verdict) {
      const before = message.sizeBytes;
      psock.verdict = ask(socket, message);
      psock.applyBytes = message.applyBytes;
      shrunk = before - message.sizeBytes;
    }
    if (message.corkBytes > message.sizeBytes && !wasFull) {
      psock.corkBytes = message.corkBytes - message.sizeBytes;
      psock.cork = message;
      return { error: 0, lost };
    }
    const verdict: StreamVerdict = psock.verdict;
    const { sizeBytes } = message;
    const count = psock.applyBytes > 0 ? Math.min(psock.applyBytes, sizeBytes) : sizeBytes;
    if (psock.applyBytes > 0) psock.applyBytes -= count;
    if (!verdict.passed) {
      // The verdict stays: the program is not asked again, but for a corked message.
      message.free();
      return { error: -errno.EACCES, lost: lost + count + shrunk };
    }
    if (psock.applyBytes === 0) psock.verdict = undefined;
    const bytes = message.take(count);
    if (!verdict.redirect) push(transfer, socket, bytes);
    else {
      // The message is the socket's no longer, and what is left of it behind `apply` is not sent.
      const wasCorked = psock.cork !== undefined;
      psock.cork = undefined;
      const error = redirectMessage(transfer, verdict.redirect, bytes);
      if (error !== 0 && !wasCorked) lost += bytes.length + message.sizeBytes;
      if (wasCorked) return { error: 0, lost };
      if (error !== 0) return { error, lost };
    }
  } while (message.sizeBytes > 0);
  return { error: 0, lost };
}

/** tcp_bpf_sendmsg_redir(). */
function redirectMessage(transfer: Transfer, { socket, ingress }: SocketRedirect, bytes: Uint8Array): number {
  if (!socket.psock) return -errno.EPIPE;
  if (ingress) return intoSocket(transfer, socket, bytes);
  push(transfer, socket, bytes);
  return 0;
}

/** Bytes into a socket's receive queue, past the stack. */
function intoSocket(transfer: Transfer, socket: Socket, bytes: Uint8Array): number {
  if (!socket.psock) return -errno.EPIPE;
  socket.psock.ingress.push(bytes);
  transfer.onReadable(socket);
  return 0;
}

/** Bytes through the stack to the socket's peer. */
function push(transfer: Transfer, socket: Socket, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; from += mostSegmentBytes)
    sendSegment(transfer, socket, bytes.slice(from, from + mostSegmentBytes));
}

function sendSegment(transfer: Transfer, socket: Socket, payload: Uint8Array): void {
  socket.sendNext = (socket.sendNext + payload.length) >>> 0;
  socket.count.segmentsOut++;
  socket.count.dataSegmentsOut++;
  socket.count.bytesOut += payload.length;
  const { peer } = socket;
  if (!peer || peer.state === tcpState.close) return;
  peer.enqueue(payload);
  received(transfer, peer);
}

/** sk_data_ready(): programs on incoming data come before the application (net/core/skmsg.c). */
export function received(transfer: Transfer, socket: Socket): void {
  const { psock } = socket;
  const verdict = psock?.programs.streamVerdict;
  if (psock?.strparser) psock.strparser.dataReady();
  else if (psock && (verdict ?? psock.programs.skbVerdict)) {
    const run = (verdict ?? psock.programs.skbVerdict)!;
    for (const { seq, bytes } of socket.queue.splice(0)) {
      const skb: StreamSkb = { seq, bytes, linearBytes: 0 };
      applySkbVerdict(transfer, socket, run(socket, skb), skb.bytes);
    }
  } else transfer.onReadable(socket);
}

/** A parser for a socket whose map has a parser and a verdict program (sk_psock_init_strp). */
export function startStreamParser(transfer: Transfer, socket: Socket, psock: Psock): void {
  psock.strparser = new StreamParser(socket, {
    parse: (skb) => psock.programs.parser!(socket, skb),
    message: (skb: StreamSkb, offset, length) => {
      const verdict = psock.programs.streamVerdict!(socket, skb);
      applySkbVerdict(transfer, socket, verdict, skb.bytes.slice(offset, offset + length));
    },
  });
}

/** sk_psock_verdict_apply(). What is redirected out of a socket does not meet that socket's message verdict. */
function applySkbVerdict(transfer: Transfer, socket: Socket, verdict: StreamVerdict, bytes: Uint8Array): void {
  if (!verdict.passed) return;
  const { redirect } = verdict;
  if (!redirect) intoSocket(transfer, socket, bytes);
  else if (!redirect.socket.psock || redirect.socket.state === tcpState.close) return;
  else if (redirect.ingress) intoSocket(transfer, redirect.socket, bytes);
  else push(transfer, redirect.socket, bytes);
}
