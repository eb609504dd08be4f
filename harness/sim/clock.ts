import { harnessError } from "../model/error.js";

/** Something that happens when the clock has come so far. */
export interface Alarm {
  /** What the clock shows then, in nanoseconds. */
  dueNs: bigint;
  ring(): void;
}

/** Alarms that set themselves again at once would ring for ever. */
const mostRings = 100_000;

/** The clock of a simulated machine: it stands still unless it is told to advance. */
export class Clock {
  #nowNs: bigint;
  /** In the order in which they were set. */
  readonly #alarms = new Set<Alarm>();

  constructor(nowNs: bigint) {
    this.#nowNs = nowNs;
  }

  get nowNs(): bigint {
    return this.#nowNs;
  }

  set(alarm: Alarm, dueNs: bigint): void {
    this.#alarms.delete(alarm);
    alarm.dueNs = dueNs;
    this.#alarms.add(alarm);
  }

  /** Whether it was set. */
  cancel(alarm: Alarm): boolean {
    return this.#alarms.delete(alarm);
  }

  /**
   * Lets time pass. Alarms ring in the order of their times, each at its own, those of one time in the order
   * in which they were set; those that are set meanwhile ring, too.
   */
  advance(durationNs: bigint): void {
    const endNs = this.#nowNs + durationNs;
    for (let rings = 0; ; rings++) {
      const next = this.#next(endNs);
      if (!next) break;
      if (rings === mostRings)
        throw harnessError("load", `more than ${mostRings} timers fire within ${durationNs} ns`, {
          hint: "does a timer start itself again without a delay?",
        });
      this.#alarms.delete(next);
      if (next.dueNs > this.#nowNs) this.#nowNs = next.dueNs;
      next.ring();
    }
    this.#nowNs = endNs;
  }

  #next(endNs: bigint): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) if (alarm.dueNs <= endNs && (!next || alarm.dueNs < next.dueNs)) next = alarm;
    return next;
  }
}
