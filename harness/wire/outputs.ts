import { formatPlace, type Place } from "../model/topology.js";
import type { CapturedFrame } from "./port/port.js";
import type { Whereabouts, WhereaboutsOf } from "../model/whereabouts.js";
import type { DeviceHook } from "../model/hook.js";

/** Everything seen between sending one packet (perhaps many times) and the fence. */
export interface Window {
  readonly hook: DeviceHook;
  /** The interface that the program is attached to. */
  readonly attachedDev: string;
  readonly times: number;
  /** How often the program ran. */
  readonly runs: number;
  readonly sent: Uint8Array;
  /** In the order of time, without copies of the sent frame that did not come by the program. */
  readonly frames: readonly CapturedFrame[];
  readonly whereabouts: WhereaboutsOf;
  /** The program's host has no address and forwards nothing: what reaches its stack ends there. */
  readonly silentStack: boolean;
}

export interface Output {
  readonly frame: CapturedFrame;
  readonly where: Exclude<Whereabouts, { kind: "elsewhere" }> | { readonly kind: "socket"; readonly queue: number };
  /** The same packet as an output before, in one more place: cloned, broadcast or flooded by a bridge. */
  readonly again: boolean;
}

export interface SortedFrames {
  /** What the program made of the packet. */
  readonly outputs: readonly Output[];
  /** What others made: answers of stacks, chatter. */
  readonly strays: readonly CapturedFrame[];
}

/**
 * Tells the program's outputs from others' doing. Stacks answer only what reaches them, and answers that come back
 * make the program run once more: as long as neither can have happened, all frames are the program's. Otherwise
 * the first frame of each time sent is, and what is that packet again.
 */
export function sortFrames(window: Window): SortedFrames {
  const outputs: Output[] = [];
  const strays: CapturedFrame[] = [];
  const copies = new Copies();
  const open = isUndisturbed(window) ? Infinity : window.times;
  let outcomes = 0;
  for (const frame of window.frames) {
    const where = frame.queue === undefined ? window.whereabouts(frame.place) : socketOf(frame.queue);
    if (where.kind === "elsewhere" || !canBeOutput(window.hook, where)) {
      strays.push(frame);
      continue;
    }
    const key = keyOf(frame, where, window.hook);
    const again = copies.isAgain(key, frame.place);
    if (!again && outcomes >= open) {
      strays.push(frame);
      continue;
    }
    if (!again) outcomes++;
    copies.add(key, frame.place);
    outputs.push({ frame, where, again });
  }
  return { outputs, strays };
}

function socketOf(queue: number): Output["where"] {
  return { kind: "socket", queue };
}

function isUndisturbed({ runs, times, silentStack, frames, whereabouts, hook }: Window): boolean {
  if (runs > times) return false;
  if (silentStack || hook.endsWith("egress")) return silentStack;
  return frames.every(({ place }) => whereabouts(place).kind === "left");
}

/** XDP sends out of interfaces only: it cannot make a frame arrive at one. */
function canBeOutput(hook: DeviceHook, where: Output["where"]): boolean {
  return where.kind !== "entered" || hook.startsWith("tc");
}

/**
 * What makes two frames the same packet: their bytes, whatever the two Ethernet addresses. XDP does one thing with
 * a packet, so one that passed is no copy of one that left, nor one that left here of one that left there.
 */
function keyOf({ bytes }: CapturedFrame, where: Output["where"], hook: DeviceHook): string {
  const addressesBytes = 12;
  const text = Buffer.from(bytes.subarray(addressesBytes)).toString("latin1");
  return hook.startsWith("xdp") ? `${JSON.stringify(where)} ${text}` : text;
}

/** How many copies of each packet each place has had. */
class Copies {
  readonly #counts = new Map<string, Map<string, number>>();

  add(key: string, place: Place): void {
    const places = this.#placesOf(key);
    const name = formatPlace(place);
    places.set(name, (places.get(name) ?? 0) + 1);
  }

  /** The nth copy in one place is nothing new while another place has had n of them. */
  isAgain(key: string, place: Place): boolean {
    const places = this.#placesOf(key);
    const own = places.get(formatPlace(place)) ?? 0;
    for (const count of places.values()) if (count > own) return true;
    return false;
  }

  #placesOf(key: string): Map<string, number> {
    let places = this.#counts.get(key);
    if (!places) {
      places = new Map();
      this.#counts.set(key, places);
    }
    return places;
  }
}
