import { qualified } from "../model/by-object.js";
import type { BackendName } from "../model/backend.js";
import { expectationsOn, expectedEvents, expectedGlobals, expectedMaps, globalsGone } from "../model/expectations.js";
import type { GlobalSpec, MapSpec } from "../model/object.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedEvents } from "../model/plan.js";
import { openEvents, type EventReader } from "./events.js";
import { wantsPrintk } from "./expected.js";
import { KernelLog, splatIn } from "./kernel-log.js";
import type { LoadedObject } from "./loaded-object.js";
import { printkReader, type PrintkReader, type PrintkTask } from "./printk.js";
import type { RunFolder } from "./run-folder.js";

/** What of a loaded object's state a plan's expectations speak of: maps, events, bpf_printk lines. */
export class StateObserver {
  private readonly plan: Plan;
  private readonly backend: BackendName;
  private readonly loaded: LoadedObject;
  private readonly maps: readonly MapSpec[];
  private readonly globals: readonly GlobalSpec[];
  private readonly events: { readonly expected: PlannedEvents; readonly reader: EventReader }[] = [];
  private readonly printk: PrintkReader | undefined;
  private readonly kernelLog: KernelLog | undefined;
  private readonly object: string;

  /**
   * To be opened after the maps are filled and before anything is sent, and closed before the object is. `object` is
   * the name of a further object (plansByObject): what is printed and what the kernel says is told once, for all.
   */
  constructor(plan: Plan, backend: BackendName, loaded: LoadedObject, folder: RunFolder, object = "") {
    this.plan = plan;
    this.backend = backend;
    this.loaded = loaded;
    this.object = object;
    this.maps = expectedMaps(backend, plan);
    this.globals = expectedGlobals(backend, plan);
    this.kernelLog = object === "" ? KernelLog.open() : undefined;
    try {
      for (const expected of expectedEvents(backend, plan)) {
        const spec = plan.object.maps.find((map) => map.name === expected.map)!;
        this.events.push({ expected, reader: openEvents(spec, loaded.mapFdOf(spec.name)) });
      }
      // Test runs happen on this thread; packets on the wire are handled by whichever thread is interrupted.
      const prints = object === "" && wantsPrintk(backend, plan);
      this.printk = prints ? printkReader(folder, backend === "kernel") : undefined;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The state after a step; step -1 is before the first one, when there are only maps to look at. `isOurs` tells
   * whose bpf_printk lines are this plan's, where others may print at the same time.
   */
  observe(step: number, isOurs?: (task: PrintkTask) => boolean): Observation[] {
    const seen: Observation[] = [];
    for (const spec of this.maps) seen.push(...this.observeMap(step, spec));
    if (this.globals.length > 0) seen.push(...this.observeGlobals(step));
    for (const { expected, reader } of this.events) {
      for (const { bytes, cpu, lost } of reader.drain())
        seen.push({
          kind: "event",
          step,
          map: qualified(this.object, expected.map),
          bytes: unpadded(expected, bytes),
          cpu,
          lost,
        });
    }
    for (const text of this.printk?.drain(isOurs) ?? []) seen.push({ kind: "printk", step, text });
    // A program that makes the kernel complain has not passed, whatever else it did.
    for (const message of splatIn(this.kernelLog?.drain() ?? []))
      seen.push({ kind: "fault", step, packet: undefined, message: `the kernel says: ${message}` });
    return seen;
  }

  private observeMap(step: number, spec: MapSpec): Observation[] {
    if (!this.loaded.canRead(spec)) {
      const message = `map '${qualified(this.object, spec.name)}' is gone with the program: it is not pinned`;
      return this.wanted(step, spec) ? [{ kind: "fault", step, packet: undefined, message }] : [];
    }
    const inner = this.loaded.readInnerMaps(spec);
    return [{ name: spec.name, entries: this.loaded.readMap(spec) }, ...inner].map(({ name, entries }) => ({
      kind: "map",
      step,
      map: qualified(this.object, name),
      entries,
    }));
  }

  private observeGlobals(step: number): Observation[] {
    const values = this.loaded.readGlobals(this.globals);
    if (values) return [{ kind: "globals", step, values }];
    return globalsGone(this.backend, this.plan, step);
  }

  private wanted(step: number, spec: MapSpec): boolean {
    const planned = this.plan.steps[step];
    const expectations = planned ? expectationsOn(this.backend, planned.expect) : [];
    return expectations.some(({ maps }) => maps.some(({ map }) => map.name === spec.name));
  }

  close(): void {
    for (const { reader } of this.events.splice(0)) reader.close();
    this.kernelLog?.close();
  }
}

/** Perf records come with up to seven bytes of padding behind the struct that was sent. */
function unpadded({ type }: PlannedEvents, bytes: Uint8Array): Uint8Array {
  const extra = type ? bytes.length - type.sizeBytes : 0;
  return type && extra > 0 && extra < 8 ? bytes.subarray(0, type.sizeBytes) : bytes;
}
