import { qualified } from "../model/by-object.js";
import { expectationsOn, expectedEvents, expectedGlobals, expectedMaps, globalsGone } from "../model/expectations.js";
import { toHex } from "../model/hex.js";
import type { GlobalSpec, MapSpec } from "../model/object.js";
import type { EventObservation, MapObservation, Observation } from "../model/observation.js";
import type { Plan } from "../model/plan.js";
import type { MapStore } from "./maps/map-store.js";
import type { PacketHook } from "./hooks/packet-hook.js";
import type { SimulatedObject } from "./simulated-object.js";
import { PerfEventArrayStore } from "./maps/perf-event-array.js";
import { ReferenceStore } from "./maps/reference.js";
import { RingBufferStore } from "./maps/ring-buffer.js";
import type { World } from "./world.js";

/** The state that a plan's expectations speak of, and what programs sent to user space. */
export class StateObserver {
  readonly #plan: Plan;
  readonly #object: SimulatedObject<PacketHook>;
  readonly #world: World;
  readonly #watched: readonly MapSpec[];
  readonly #globals: readonly GlobalSpec[];
  /** Of a further object (plansByObject); "" for the one under test. */
  readonly #name: string;
  #unloaded = false;

  constructor(plan: Plan, object: SimulatedObject<PacketHook>, world: World, name = "") {
    this.#name = name;
    this.#plan = plan;
    this.#object = object;
    this.#world = world;
    this.#watched = expectedMaps("sim", plan);
    this.#globals = expectedGlobals("sim", plan);
    for (const { map } of expectedEvents("sim", plan)) {
      const store = object.maps.get(map);
      if (store instanceof PerfEventArrayStore) store.openReaders();
    }
  }

  /** From now on only maps that are pinned are there. */
  unload(): void {
    this.#unloaded = true;
  }

  /** The state after a step; step -1 is before the first one. */
  observe(step: number): Observation[] {
    const seen = this.#watched.flatMap((spec) => this.#observeMap(step, spec));
    if (this.#globals.length > 0) seen.push(...this.#observeGlobals(step));
    for (const store of this.#object.maps.all)
      seen.push(...eventsOf(store, step).map((event) => ({ ...event, map: qualified(this.#name, event.map) })));
    // What is printed is told once, for all objects.
    if (this.#name !== "") return seen;
    // A line for each call, whether or not its text ends in one (TP_printk of include/trace/trace_events.h).
    const printed = this.#world.takePrinted().join("\n").split("\n");
    for (const text of printed) if (text !== "") seen.push({ kind: "printk", step, text });
    return seen;
  }

  #observeGlobals(step: number): Observation[] {
    if (this.#unloaded) return globalsGone("sim", this.#plan, step);
    const values = this.#globals.map((global) => ({ name: global.name, bytes: this.#object.global(global) }));
    return [{ kind: "globals", step, values }];
  }

  #observeMap(step: number, spec: MapSpec): Observation[] {
    const store = this.#object.maps.get(spec.name);
    const name = qualified(this.#name, spec.name);
    if (store && this.#isHeld(spec)) return contentsOf(store, step, name);
    const message = `map '${name}' is gone with the program: it is not pinned`;
    return this.#isWanted(step, spec) ? [{ kind: "fault", step, packet: undefined, message }] : [];
  }

  #isHeld({ name, pinByName }: MapSpec): boolean {
    return !this.#unloaded || pinByName || this.#plan.pins[name] !== undefined;
  }

  #isWanted(step: number, spec: MapSpec): boolean {
    const planned = this.#plan.steps[step];
    const expectations = planned ? expectationsOn("sim", planned.expect) : [];
    return expectations.some(({ maps }) => maps.some(({ map }) => map.name === spec.name));
  }
}

function eventsOf(store: MapStore, step: number): EventObservation[] {
  const map = store.spec.name;
  if (store instanceof RingBufferStore)
    return store.consume().map((bytes) => ({ kind: "event", step, map, bytes, cpu: undefined, lost: 0 }));
  if (store instanceof PerfEventArrayStore)
    return store.consume().map((event) => ({ kind: "event", step, map, ...event }));
  return [];
}

/** A map's contents, and those of the maps in it, which are called by their keys: `outer[0x00000000]`. */
function contentsOf(store: MapStore, step: number, name: string): MapObservation[] {
  const inner = store instanceof ReferenceStore ? store.innerMaps() : [];
  const all = [{ name, store }, ...inner.map(({ key, store }) => ({ name: `${name}[0x${toHex(key)}]`, store }))];
  return all.map((map) => ({ kind: "map", step, map: map.name, entries: [...map.store.entries()] }));
}
