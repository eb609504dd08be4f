import type { Engine, Helper } from "./machine.js";
import type { MapTable } from "./maps/map-table.js";
import type { SimulatedObject } from "./simulated-object.js";
import type { PacketHook } from "./hooks/packet-hook.js";

/** Which run of a plan it is: of a step's packet, the first or a repetition. */
export interface RunPlace {
  readonly step: number;
  /** Index among the step's packets. */
  readonly packet: number;
  readonly repetition: number;
}

/** What looks on while programs run, or interferes. Nothing of it costs anything where it is absent. */
export interface Instruments {
  /** The helpers that programs call, made from the hook's own. */
  readonly helpers?: (own: ReadonlyMap<number, Helper>, maps: MapTable) => ReadonlyMap<number, Helper>;
  /** Told of every engine before it runs. */
  readonly watch?: (engine: Engine) => void;
  /** Has to call `run`, which runs a program on a packet, and may throw. */
  readonly around?: (place: RunPlace, object: SimulatedObject<PacketHook>, run: () => void) => void;
}
