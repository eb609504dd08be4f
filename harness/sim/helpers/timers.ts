import type { Call } from "../call.js";
import type { Alarm } from "../clock.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { Engine, Machine } from "../machine.js";
import type { MapStore } from "../maps/map-store.js";
import type { MapTable } from "../maps/map-table.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** CLOCK_REALTIME, CLOCK_MONOTONIC and CLOCK_BOOTTIME, which are one here. */
const clocks: ReadonlySet<bigint> = new Set([0n, 1n, 7n]);

/** BPF_F_TIMER_ABS; BPF_F_TIMER_CPU_PIN asks for what is always so. */
const startFlag = { absolute: 1n, all: 3n } as const;

/** A struct bpf_timer in the value of a map. What the program sees of it stays zero. */
interface Timer extends Alarm {
  callback: { readonly engine: Engine; readonly address: number } | undefined;
  /** That started it, and that it fires on. */
  cpu: number;
}

/** bpf_timer_*() of kernel/bpf/helpers.c, on the clock of the simulated machine. */
export function timerHelpers(maps: MapTable, world: World): HelperTable {
  const timers = new Timers(world);
  return {
    // bpf_timer_init(timer, map, flags)
    169: (call, machine) => {
      if (!clocks.has(call.u64(3))) return -errno.EINVAL;
      return timers.create(call.address(1), maps.at(call.address(2)), machine);
    },
    // bpf_timer_set_callback(timer, callback_fn)
    170: (call, machine) => {
      const timer = timers.at(call);
      if (!timer) return -errno.EINVAL;
      timer.callback = { engine: machine.running, address: call.address(2) };
      return 0;
    },
    // bpf_timer_start(timer, nsecs, flags)
    171: (call) => {
      const [delayNs, flags] = [call.u64(2), call.u64(3)];
      const timer = timers.at(call);
      if ((flags & ~startFlag.all) !== 0n || !timer?.callback) return -errno.EINVAL;
      timer.cpu = world.cpu;
      world.clock.set(timer, (flags & startFlag.absolute) !== 0n ? delayNs : world.clock.nowNs + delayNs);
      return 0;
    },
    // bpf_timer_cancel(timer)
    172: (call) => {
      const timer = timers.at(call);
      if (!timer) return -errno.EINVAL;
      if (timer === timers.firing) return -errno.EDEADLK;
      timer.callback = undefined;
      return world.clock.cancel(timer) ? 1 : 0;
    },
  };
}

class Timers {
  readonly #world: World;
  readonly #byAddress = new Map<number, Timer>();
  /** The one whose callback runs now. */
  firing: Timer | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  at(call: Call): Timer | undefined {
    return this.#byAddress.get(call.address(1));
  }

  create(address: number, map: MapStore, machine: Machine): number {
    if (this.#byAddress.has(address)) return -errno.EBUSY;
    const entry = map.entryAt?.(address);
    if (!entry) throw new Fault(`takes 0x${address.toString(16)} for a timer in map '${map.spec.name}'`);
    const offset = address - entry.value;
    // All values of a map have their timer in the same place.
    map.onReplaced ??= (value) => this.#end(value + offset);
    const timer: Timer = {
      dueNs: 0n,
      callback: undefined,
      cpu: 0,
      ring: () => this.#fire(timer, address, map, machine),
    };
    this.#byAddress.set(address, timer);
    return 0;
  }

  /** Its value is gone: a timer does not outlive it. */
  #end(address: number): void {
    const timer = this.#byAddress.get(address);
    if (timer) this.#world.clock.cancel(timer);
    this.#byAddress.delete(address);
  }

  #fire(timer: Timer, address: number, map: MapStore, machine: Machine): void {
    const entry = map.entryAt?.(address);
    if (!timer.callback || !entry) return;
    const { cpu } = this.#world;
    this.#world.cpu = timer.cpu;
    this.firing = timer;
    try {
      machine.runFunction(timer.callback.engine, timer.callback.address, [
        map.address,
        machine.scratch(entry.key),
        entry.value,
      ]);
    } finally {
      this.firing = undefined;
      this.#world.cpu = cpu;
    }
  }
}
