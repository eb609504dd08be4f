import type { Place } from "../model/topology.js";
import type { CapturedFrame } from "./port/port.js";

/** For tests: frames by hand. */

/** What fixtures/objects/verdict_on_demand.bpf.o obeys: the verdict, then the slot of its devmap. */
export function order(verdict: number, port = 0, length = 60): Uint8Array {
  const start = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, verdict, port];
  return Uint8Array.from({ length }, (_, i) => start[i] ?? 0);
}

export function captured(place: Place, bytes: Uint8Array, timestampNs = 0n): CapturedFrame {
  return { place, bytes, timestampNs };
}
