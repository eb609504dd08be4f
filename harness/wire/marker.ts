import { sameBytes } from "../model/hex.js";

/** IEEE Std 802 Local Experimental Ethertype 1: no stack knows it, so none answers. */
export const markerEtherType = 0x88b5;

const addressesBytes = 12;
const name = new TextEncoder().encode("packetproof");
const secretBytes = 8;

/** What of a marker stands behind its Ethernet header. */
export const markerPayloadBytes = name.length + secretBytes + 4;

/**
 * Frames that only say "everything sent before me has arrived". `secret` is the run's own, so that no frame of a
 * test is taken for one.
 */
export class Markers {
  readonly #secret: Uint8Array;
  #next = 0;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** A frame that no earlier one equals, and the number that `numberOf` gives for it. */
  make(destination: Uint8Array, source: Uint8Array): { readonly frame: Uint8Array; readonly number: number } {
    const number = this.#next++;
    const frame = new Uint8Array(this.#headLength + 4);
    frame.set(destination, 0);
    frame.set(source, 6);
    frame.set(this.#middle, addressesBytes);
    new DataView(frame.buffer).setUint32(this.#headLength, number);
    return { frame, number };
  }

  /** Undefined for a frame that is none of ours. */
  numberOf(frame: Uint8Array): number | undefined {
    if (frame.length < this.#headLength + 4) return undefined;
    if (!sameBytes(frame.subarray(addressesBytes, this.#headLength), this.#middle)) return undefined;
    return new DataView(frame.buffer, frame.byteOffset).getUint32(this.#headLength);
  }

  get #middle(): Uint8Array {
    return Uint8Array.of(markerEtherType >> 8, markerEtherType & 0xff, ...name, ...this.#secret);
  }

  get #headLength(): number {
    return addressesBytes + 2 + name.length + this.#secret.length;
  }
}
