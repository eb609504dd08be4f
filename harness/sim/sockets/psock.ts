import type { Message } from "./message.js";
import type { Socket } from "./socket.js";
import type { StreamParser } from "./stream-parser.js";

/** Where a program wants a message or skb to go instead. */
export interface SocketRedirect {
  readonly socket: Socket;
  /** Into the socket's receive queue, instead of out to its peer. */
  readonly ingress: boolean;
}

/** What a verdict program came to. */
export interface StreamVerdict {
  readonly passed: boolean;
  readonly redirect: SocketRedirect | undefined;
}

/** The skb that a stream parser or verdict program sees: always from its first byte on. */
export interface StreamSkb {
  /** TCP_SKB_CB(skb)->seq, which lies where programs have `cb[0]`. */
  readonly seq: number;
  bytes: Uint8Array;
  /** So many from the first one on are in one piece; the others can only be loaded, or pulled up. */
  linearBytes: number;
}

/** Programs that are attached to a map, for the sockets that are put into it from then on. */
export interface MapPrograms {
  /** BPF_SK_MSG_VERDICT. */
  message?: (socket: Socket, message: Message) => StreamVerdict;
  /** BPF_SK_SKB_STREAM_PARSER: the length of the next message, 0 for "more is needed", or an error. */
  parser?: (socket: Socket, skb: StreamSkb) => number;
  /** BPF_SK_SKB_STREAM_VERDICT. */
  streamVerdict?: (socket: Socket, skb: StreamSkb) => StreamVerdict;
  /** BPF_SK_SKB_VERDICT: the same without a parser. */
  skbVerdict?: (socket: Socket, skb: StreamSkb) => StreamVerdict;
}

/** struct sk_psock: what a socket has in addition once it is in a map (include/linux/skmsg.h). */
export class Psock {
  readonly programs: MapPrograms = {};
  /** ingress_msg: what programs put into the socket, read before what came by TCP. */
  readonly ingress: Uint8Array[] = [];
  strparser: StreamParser | undefined;
  /** Slots that hold the socket: the last one's end takes the programs away again. */
  links = 0;

  /** Verdict that counts for `applyBytes` more; undefined where the program has to be asked. */
  verdict: StreamVerdict | undefined;
  applyBytes = 0;
  /** Bytes that have to come before the program is asked about `cork`. */
  corkBytes = 0;
  cork: Message | undefined;
}
