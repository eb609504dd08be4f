import type { ExpectableObserver, ObservedEvent } from "../model/observer.js";
import type { PlannedObserving } from "../model/plan.js";
import { Bpftrace, type TraceEvent } from "./bpftrace.js";
import { eventsOf, latencyHistogram, type Scope } from "./events.js";
import { probesOf } from "./probes.js";
import { ruleEvents } from "./rule-events.js";
import { findTlsLibraries, tlsProbes } from "./tls.js";
import type { Probe } from "./script.js";

/** What is attached together, by one bpftrace. */
export type TracerName = keyof typeof probesOf | "tls";

/** Whose tracers an observer's events come from. */
const sources: Readonly<Record<ExpectableObserver, readonly TracerName[]>> = {
  drops: ["drops"],
  exec: ["exec"],
  open: ["open"],
  block: ["block"],
  block_latency: ["block"],
  tcp: ["tcp"],
  segments: ["segments"],
  xdp: ["xdp"],
  tls: ["tls"],
  rules: ["exec", "open", "tcp"],
};

/** The tracers that observers need, each once. */
export function tracersOf(observers: readonly ExpectableObserver[]): readonly TracerName[] {
  return [...new Set(observers.flatMap((observer) => sources[observer]))];
}

/**
 * A session's tracers: each is started, which takes longer than a case, when the first case needs it, and serves all
 * later ones. They see the whole machine but for its own namespace; a `Scope` says what is a case's.
 */
export class Tracers {
  readonly #running = new Map<TracerName, Promise<readonly Bpftrace[]>>();

  /** Resolves when they all watch, and forgets what they have seen before. */
  async watch(names: readonly TracerName[]): Promise<void> {
    await this.drain(names);
  }

  /** What these tracers have seen since they were asked last. */
  async drain(names: readonly TracerName[]): Promise<ReadonlyMap<TracerName, readonly TraceEvent[]>> {
    const drained = await Promise.all(
      names.map(async (name) => {
        const running = await this.#get(name);
        const seen = await Promise.all(running.map((tracer) => tracer.drain()));
        return [name, seen.flat()] as const;
      }),
    );
    return new Map(drained);
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#running.values());
    const running = all.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    await Promise.all(running.map((tracer) => tracer.stop()));
  }

  #get(name: TracerName): Promise<readonly Bpftrace[]> {
    const known = this.#running.get(name);
    if (known) return known;
    const starting = startAll(name);
    this.#running.set(name, starting);
    return starting;
  }
}

async function startAll(name: TracerName): Promise<readonly Bpftrace[]> {
  const scripts: readonly (readonly Probe[])[] =
    name === "tls" ? (await findTlsLibraries()).map(tlsProbes) : [probesOf[name]];
  return Promise.all(scripts.map((probes) => Bpftrace.start(probes)));
}

/** Everything that a case's observers have seen, as the events that scenarios know. */
export function observed(
  { observers, rules }: PlannedObserving,
  seen: ReadonlyMap<TracerName, readonly TraceEvent[]>,
  scope: Scope,
): readonly { readonly observer: ExpectableObserver; readonly event: ObservedEvent }[] {
  return observers.flatMap((observer) => {
    const events = sources[observer].flatMap((name) => seen.get(name) ?? []);
    const described =
      observer === "rules"
        ? ruleEvents(rules, events, scope)
        : observer === "block_latency"
          ? latencyHistogram(eventsOf("block", events, scope))
          : eventsOf(observer, events, scope);
    return described.map((event) => ({ observer, event }));
  });
}
