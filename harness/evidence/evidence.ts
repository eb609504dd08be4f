import type { BackendName } from "../model/backend.js";
import type {
  CaseEvidence,
  ClientEvidence,
  EventEvidence,
  FrameEvidence,
  LoadEvidence,
  MapChange,
  PacketEvidence,
  PathEvidence,
  StepEvidence,
  VerdictEvidence,
} from "../model/evidence.js";
import { allExpectations, expectationsOn } from "../model/expectations.js";
import { sameBytes, toHex } from "../model/hex.js";
import type { EventObservation, MapObservation, Observation, PacketObservation } from "../model/observation.js";
import type { Plan, PlannedSend } from "../model/plan.js";
import { formatPlace } from "../model/topology.js";
import { formatData } from "../data/format.js";
import type { FieldValue } from "../model/packet.js";
import { formatIpv4, formatIpv6 } from "../packet/address.js";
import { toBase64 } from "../packet/base64.js";
import { formatPattern } from "../packet/pattern.js";
import { endOf, firstPackets, mostEntries } from "./limits.js";
import { mapChanges } from "./map-changes.js";

/**
 * What a backend saw of a case, as reports show it. `named` are packets that a mismatch speaks of: these are kept
 * even where there are too many to keep all. `paths` is what a second run told, by index of the step.
 */
export function caseEvidence(
  plan: Plan,
  backend: BackendName,
  observations: readonly Observation[],
  named: ReadonlySet<number> = new Set(),
  paths: ReadonlyMap<number, PathEvidence> = new Map(),
): CaseEvidence {
  const startNs = observations.find(
    (o): o is PacketObservation => o.kind === "packet" && o.timestampNs !== undefined,
  )?.timestampNs;
  const steps: StepEvidence[] = [];
  const maps = new Map<string, MapObservation>();
  for (let step = -1; step < plan.steps.length; step++) {
    const here = observations.filter((o) => "step" in o && o.step === step);
    const evidence = stepEvidence({ plan, backend, step, here, maps, startNs, named });
    const path = paths.get(step);
    if (step >= 0 && (here.length > 0 || path)) steps.push({ ...evidence, path });
  }
  return { load: loadEvidence(observations), steps };
}

function loadEvidence(observations: readonly Observation[]): LoadEvidence | undefined {
  const load = observations.find((o) => o.kind === "load");
  return load && { accepted: load.accepted, log: endOf(load.log), programs: load.statistics ?? [] };
}

interface Step {
  readonly plan: Plan;
  readonly backend: BackendName;
  readonly step: number;
  readonly here: readonly Observation[];
  /** Each map as it was seen last; brought up to date. */
  readonly maps: Map<string, MapObservation>;
  readonly startNs: bigint | undefined;
  readonly named: ReadonlySet<number>;
}

function stepEvidence(seen: Step): StepEvidence {
  const { plan, step, here, maps, startNs } = seen;
  const changes: MapChange[] = [];
  let omittedChanges = 0;
  for (const map of here.filter((o) => o.kind === "map")) {
    const before = maps.get(map.map);
    maps.set(map.map, map);
    if (step < 0) continue;
    const found = mapChanges(plan.object, before, map);
    changes.push(...found.changes);
    omittedChanges += found.omitted;
  }
  const events = here.filter((o) => o.kind === "event");
  const observed = here.filter((o) => o.kind === "observed");
  const planned = plan.steps[step];
  const strays = here.filter((o): o is PacketObservation => o.kind === "packet" && o.packet === undefined);
  return {
    step,
    packets: planned?.kind === "send" ? packetEvidence(planned, seen) : [],
    strays: frameEvidence(strays.slice(0, mostEntries), undefined, startNs),
    maps: changes,
    omittedChanges,
    events: events.slice(0, mostEntries).map((event) => eventEvidence(seen, event)),
    omittedEvents: Math.max(0, events.length - mostEntries),
    printk: here
      .filter((o) => o.kind === "printk")
      .slice(0, mostEntries)
      .map(({ text }) => text),
    observed: observed.slice(0, mostEntries).map(({ observer, event }) => ({ observer, fields: fieldTexts(event) })),
    omittedObserved: Math.max(0, observed.length - mostEntries),
    clients: here.flatMap(clientEvidence),
    faults: here.flatMap((o) => (o.kind === "fault" ? [o.message] : [])),
  };
}

function packetEvidence(step: PlannedSend, { backend, here, startNs, named }: Step): PacketEvidence[] {
  const wanted = new Set(expectationsOn(backend, step.expect).flatMap(({ context }) => Object.keys(context)));
  const kept = firstPackets(step.packets.map(({ bytes }) => bytes.length));
  // Looked up by packet: steps with thousands of packets have as many observations.
  const byPacket = groupBy(here, (o) => ("packet" in o ? o.packet : undefined));
  const shown = [...byPacket].filter(([index]) => index < kept || named.has(index));
  return shown.map(([index, all]) => ({
    index,
    sent: index < kept ? undefined : toBase64(step.packets[index]!.bytes),
    verdicts: verdictEvidence(all),
    redirect: all.find((o) => o.kind === "redirect")?.target,
    context: contextEvidence(all, wanted),
    frames: frameEvidence(
      all.filter((o) => o.kind === "packet"),
      step.packets[index]!.bytes,
      startNs,
    ),
    costs: all.flatMap((o) => (o.kind === "cost" ? [{ instructions: o.instructions, helpers: o.helpers }] : [])),
  }));
}

/** The fields that the scenario speaks of: backends see all there are. */
function contextEvidence(observations: readonly Observation[], wanted: ReadonlySet<string>): Record<string, string> {
  const fields = Object.entries(observations.find((o) => o.kind === "context")?.fields ?? {});
  return Object.fromEntries(
    fields.flatMap(([name, value]) =>
      wanted.has(name) ? [[name, formatPattern(undefined, { kind: "equals", value })]] : [],
    ),
  );
}

function verdictEvidence(observations: readonly Observation[]): VerdictEvidence[] {
  const found = new Map<string, VerdictEvidence>();
  for (const o of observations) {
    if (o.kind !== "verdict") continue;
    const verdict = o.possible.join(" or ");
    const key = `${verdict}\0${o.evidence}`;
    const same = found.get(key);
    const { evidence, durationNs } = o;
    found.set(key, same ? { ...same, times: same.times + 1 } : { verdict, evidence, times: 1, durationNs });
  }
  return [...found.values()];
}

/** Frames, the same bytes at the same place once. */
function frameEvidence(
  frames: readonly PacketObservation[],
  sent: Uint8Array | undefined,
  startNs: bigint | undefined,
): FrameEvidence[] {
  const found = new Map<string, FrameEvidence>();
  for (const { place, bytes, timestampNs } of frames) {
    const where = place === "output" ? place : formatPlace(place.at);
    const direction = place === "output" ? place : place.direction;
    const text = sent && sameBytes(sent, bytes) ? undefined : toBase64(bytes);
    const key = `${where}\0${direction}\0${text}`;
    const same = found.get(key);
    const afterNs = timestampNs === undefined || startNs === undefined ? undefined : Number(timestampNs - startNs);
    found.set(
      key,
      same ? { ...same, times: same.times + 1 } : { place: where, direction, bytes: text, times: 1, afterNs },
    );
  }
  return [...found.values()];
}

function eventEvidence({ plan, backend }: Step, { map, bytes, cpu, lost }: EventObservation): EventEvidence {
  const type = allExpectations(backend, plan).find(({ events }) => events?.map === map)?.events?.type;
  const typed = type !== undefined && bytes.length >= type.sizeBytes;
  return { map, text: typed ? formatData(type, bytes) : toHex(bytes), cpu, lost };
}

function fieldTexts(fields: Readonly<Record<string, FieldValue>>): Record<string, string> {
  const text = (value: FieldValue): string => {
    if (value instanceof Uint8Array) return value.length === 4 ? formatIpv4(value) : formatIpv6(value);
    return String(value);
  };
  const texts = Object.entries(fields).map(([name, value]) => [name, text(value)] as const);
  return Object.fromEntries(texts.filter(([, value]) => value !== ""));
}

function clientEvidence(o: Observation): ClientEvidence[] {
  switch (o.kind) {
    case "ping":
      return [{ result: `${o.received} of ${o.sent} replies`, output: endOf(o.output) }];
    case "http": {
      const answers = groupBy(o.responses, ({ status, body, error }) => `${error ?? `status ${status}`}\0${body}`);
      return [...answers.values()].slice(0, mostEntries).map((same) => ({
        result: `${same.length} × ${same[0]!.error ?? `status ${same[0]!.status}`}`,
        output: endOf(same[0]!.body),
      }));
    }
    case "run": {
      const ended = o.exitCode === undefined ? "ended by a signal" : `exit status ${o.exitCode}`;
      const output = [o.stdout, o.stderr].filter((text) => text !== "").join("\n");
      return [{ result: o.timedOut ? "still running at its time limit" : ended, output: endOf(output) }];
    }
    case "tcp":
      return o.received
        .filter(({ bytes }) => bytes.length > 0)
        .map(({ end, bytes }) => ({
          result: `${end.connection}.${end.side} receives ${bytes.length} bytes`,
          output: endOf(new TextDecoder().decode(bytes)),
        }));
    default:
      return [];
  }
}

/** In the order in which the keys come first; what has no key is left out. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
