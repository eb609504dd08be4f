import { errno } from "../errno.js";
import { joined } from "./socket.js";

/** MAX_MSG_FRAGS of include/linux/skmsg.h. */
const mostElements = 17;

/** What one element of a message holds at most: a page fragment of a socket (SKB_FRAG_PAGE_ORDER). */
const mostElementBytes = 32_768;

/**
 * struct sk_msg: bytes on their way out, in a list of elements. Programs see the first element only, unless they
 * ask for more to be made contiguous (include/linux/skmsg.h, net/core/filter.c).
 */
export class Message {
  /** Never empty ones. */
  readonly #elements: Uint8Array[] = [];
  /** What the program asked for; a corked message keeps it. */
  applyBytes = 0;
  corkBytes = 0;
  /** The part that the program can access: offsets in the message. */
  window = { start: 0, end: 0 };

  get sizeBytes(): number {
    return this.#elements.reduce((sum, { length }) => sum + length, 0);
  }

  get isFull(): boolean {
    return this.#elements.length >= mostElements;
  }

  get bytes(): Uint8Array {
    return joined(this.#elements);
  }

  /** Adds bytes behind the last one; returns how many there was room for (sk_msg_alloc). */
  append(bytes: Uint8Array): number {
    let from = 0;
    while (from < bytes.length) {
      const last = this.#elements.at(-1);
      const room = last ? mostElementBytes - last.length : 0;
      if (last && room > 0) {
        const piece = bytes.subarray(from, from + room);
        this.#elements[this.#elements.length - 1] = joined([last, piece]);
        from += piece.length;
      } else if (this.isFull) break;
      else {
        const piece = bytes.slice(from, from + mostElementBytes);
        this.#elements.push(piece);
        from += piece.length;
      }
    }
    return from;
  }

  /** Takes bytes off the front, to be sent or freed. */
  take(count: number): Uint8Array {
    const bytes = this.bytes.slice(0, count);
    this.#remove(0, count);
    return bytes;
  }

  /** sk_msg_free(): forgets what was asked for, too. */
  free(): void {
    this.#elements.splice(0);
    this.applyBytes = 0;
    this.corkBytes = 0;
  }

  /** What the program wrote into the bytes that it could access. */
  store(offset: number, bytes: Uint8Array): void {
    let start = 0;
    for (const element of this.#elements) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + bytes.length, start + element.length);
      if (from < to) element.set(bytes.subarray(from - offset, to - offset), from - start);
      start += element.length;
    }
  }

  /** sk_msg_compute_data_pointers(). */
  openFirst(): void {
    this.window = { start: 0, end: this.#elements[0]?.length ?? 0 };
  }

  /** bpf_msg_pull_data(): makes [start, end) contiguous, which is then what the program can access. */
  pull(start: number, end: number): number {
    const place = end > start ? this.#elementAt(start) : undefined;
    if (!place) return -errno.EINVAL;
    const needed = end - place.offset;
    let [last, available] = [place.index, 0];
    while (last < this.#elements.length && available < needed) available += this.#elements[last++]!.length;
    if (available < needed) return -errno.EINVAL;
    if (last - place.index > 1)
      this.#elements.splice(place.index, last - place.index, joined(this.#elements.slice(place.index, last)));
    this.window = { start, end };
    return 0;
  }

  /** bpf_msg_push_data(): new bytes, an element of their own where there is room for one. */
  push(start: number, length: number): number {
    if (length === 0) return 0;
    const size = this.sizeBytes;
    if (start > size || this.#elements.length === 0) return -errno.EINVAL;
    const fresh = new Uint8Array(length);
    const place = this.#elementAt(start) ?? { index: this.#elements.length, offset: size };
    const room = mostElements - this.#elements.length;
    const [before, inside] = [start - place.offset, this.#elements[place.index]];
    if (room === 0 || (room === 1 && before > 0)) {
      const index = Math.min(place.index, this.#elements.length - 1);
      const whole = this.#elements[index]!;
      const at = index === place.index ? before : whole.length;
      this.#elements[index] = joined([whole.subarray(0, at), fresh, whole.subarray(at)]);
    } else if (inside && before > 0)
      this.#elements.splice(place.index, 1, inside.slice(0, before), fresh, inside.slice(before));
    else this.#elements.splice(place.index, 0, fresh);
    this.openFirst();
    return 0;
  }

  /** bpf_msg_pop_data(). */
  pop(start: number, length: number): number {
    if (length === 0) return 0;
    if (!this.#elementAt(start) || start + length > this.sizeBytes) return -errno.EINVAL;
    this.#remove(start, length);
    this.openFirst();
    return 0;
  }

  #remove(start: number, length: number): void {
    const kept: Uint8Array[] = [];
    let offset = 0;
    for (const element of this.#elements) {
      const from = Math.max(0, Math.min(element.length, start - offset));
      const to = Math.max(0, Math.min(element.length, start + length - offset));
      kept.push(element.subarray(0, from), element.subarray(to));
      offset += element.length;
    }
    this.#elements.splice(0, Infinity, ...kept.filter((piece) => piece.length > 0));
  }

  /** The element that a byte is in, and the offset at which that begins. */
  #elementAt(at: number): { readonly index: number; readonly offset: number } | undefined {
    let offset = 0;
    for (const [index, { length }] of this.#elements.entries()) {
      if (at < offset + length) return { index, offset };
      offset += length;
    }
    return undefined;
  }
}
