import type { Packet } from "../model/packet.js";
import type { MapPatch } from "../model/plan.js";

/** What happens to a program, one thing after the other, from its first state on. */
export type Command =
  | { readonly kind: "packet"; readonly packet: Packet }
  | { readonly kind: "update"; readonly patches: readonly MapPatch[] }
  | { readonly kind: "clock"; readonly durationNs: bigint };

export type Input = readonly Command[];
