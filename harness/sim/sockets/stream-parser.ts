import type { StreamSkb } from "./psock.js";
import { joined, type ReceivedSkb, type Socket } from "./socket.js";

/** What the strparser asks, and tells. */
export interface StreamParserUser {
  parse(skb: StreamSkb): number;
  /** A whole message: `length` bytes at `offset` of an skb that may hold more, before and behind. */
  message(skb: StreamSkb, offset: number, length: number): void;
}

/** The message that is being put together. */
interface Head {
  readonly seq: number;
  bytes: Uint8Array;
  linearBytes: number;
  /** Where the message begins. */
  readonly offset: number;
  /** Undefined as long as the parser has not told. */
  fullBytes: number | undefined;
  accumulatedBytes: number;
}

/** Longer messages are an error (sk_rcvbuf, net.ipv4.tcp_rmem). */
const mostMessageBytes = 131_072;

/**
 * Messages out of a TCP stream (net/strparser/strparser.c). Where an skb holds several messages, the parser sees it from
 * its first byte for each of them: only the sequence numbers tell where the message in question begins.
 */
export class StreamParser {
  readonly #socket: Socket;
  readonly #user: StreamParserUser;
  #head: Head | undefined;
  /** Nothing is read before so many bytes are there. */
  #neededBytes = 0;
  /** After an error nothing is read any more. */
  #stopped = false;

  constructor(socket: Socket, user: StreamParserUser) {
    this.#socket = socket;
    this.#user = user;
  }

  /** strp_data_ready(). */
  dataReady(): void {
    const { queue } = this.#socket;
    const available = queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.#stopped || available < this.#neededBytes) return;
    while (queue.length > 0 && !this.#stopped) this.#receive(queue.shift()!);
  }

  /** __strp_recv(). */
  #receive(skb: ReceivedSkb): void {
    let eaten = 0;
    while (eaten < skb.bytes.length) {
      const candidate = skb.bytes.length - eaten;
      const head = this.#headWith(skb, eaten);
      if (head.fullBytes === undefined) {
        const length = this.#user.parse(head);
        if (length === 0) {
          head.accumulatedBytes += candidate;
          return;
        }
        // It has to reach into what is new, or it would have been complete before.
        const known = head.bytes.length - skb.bytes.length - head.offset;
        if (length < 0 || length > mostMessageBytes || length <= known) return this.#abort();
        head.fullBytes = length;
      }
      const extra = head.accumulatedBytes + candidate - head.fullBytes;
      if (extra < 0) {
        head.accumulatedBytes += candidate;
        this.#neededBytes = head.fullBytes - head.accumulatedBytes;
        return;
      }
      eaten += candidate - extra;
      this.#head = undefined;
      this.#neededBytes = 0;
      this.#user.message(head, head.offset, head.fullBytes);
    }
  }

  #headWith(skb: ReceivedSkb, eaten: number): Head {
    if (this.#head) this.#head.bytes = joined([this.#head.bytes, skb.bytes]);
    else
      this.#head = {
        seq: skb.seq,
        bytes: skb.bytes,
        linearBytes: 0,
        offset: eaten,
        fullBytes: undefined,
        accumulatedBytes: 0,
      };
    return this.#head;
  }

  #abort(): void {
    this.#stopped = true;
    this.#head = undefined;
  }
}
