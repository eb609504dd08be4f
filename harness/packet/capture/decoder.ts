import type { CapturedPacket } from "./captured-packet.js";
import type { Window } from "./window.js";

/** What a decoder found at the window's start. */
export type Step =
  /** A packet; the decoder has advanced the window past it. */
  | { readonly kind: "packet"; readonly packet: CapturedPacket }
  /** Something else, or a packet nobody picked; pass over so many bytes. */
  | { readonly kind: "skip"; readonly bytes: number; readonly what: string }
  /** So many bytes are needed from the window's start on to see `what` complete. */
  | { readonly kind: "need"; readonly bytes: number; readonly what: string };

/** Reads one capture format. `step` is synchronous and starts anew at the window's start each time. */
export interface Decoder {
  step(window: Window): Step;
}

/** Whether anybody wants the packet with this 1-based index; others are counted, but not converted. */
export type IsPicked = (index: number) => boolean;
