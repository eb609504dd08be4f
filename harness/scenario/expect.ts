import { backendNames, type BackendName } from "../model/backend.js";
import { invariants } from "../model/invariant.js";
import type {
  EventsExpectation,
  Expectation,
  FramesExpectation,
  MapExpectation,
  PacketExpectation,
} from "../model/scenario.js";
import { backendWords } from "./backends.js";
import { contextPatterns } from "./context.js";
import { cost } from "./cost.js";
import {
  type Decoder,
  type Invalid,
  byKind,
  invalid,
  list,
  listOrOne,
  located,
  named,
  refined,
  written,
} from "./decoder.js";
import type { JsonSchema } from "./json-schema.js";
import { globalValues } from "./map-setup.js";
import { type Node, entryOf, headSpan } from "./node.js";
import { type Field, type ObjectOf, defaulted, object, optional, record } from "./object.js";
import { observedEvents } from "./observe.js";
import { fieldPattern } from "./pattern.js";
import { packetLayers } from "./packet-layers.js";
import { path } from "./path.js";
import { attachedDev, knownPlace } from "./places.js";
import { boolean, durationMs, oneOf, regex, word } from "./scalars.js";
import { verdicts } from "./verdict.js";
import type { World } from "./world.js";

/** Nothing said, so only silence is expected. */
export const expectNothing: Expectation = {
  verdict: undefined,
  packet: undefined,
  redirect: undefined,
  context: {},
  maps: [],
  events: undefined,
  printk: undefined,
  frames: [],
  path: undefined,
  observed: [],
  globals: [],
  cost: undefined,
  on: {},
};

/** What has to be true after a step. */
export function expectation(world: World): Decoder<Expectation> {
  const perBackend = Object.fromEntries(
    backendNames.map((name) => [
      name,
      optional(forOneBackend(world), `more of the same, for one backend only: ${backendWords[name]}`, {
        verdict: "XDP_PASS",
      }),
    ]),
  ) as Record<BackendName, Field<Expectation | undefined>>;
  const decoder = object("expect", { ...expectFields(world), ...perBackend });
  return named(
    "expect",
    refined(decoder, (found, node): Expectation => {
      const on: Partial<Record<BackendName, Expectation>> = {};
      for (const name of backendNames) if (found[name]) on[name] = found[name];
      return { ...toExpectation(found, node), on };
    }),
  );
}

function forOneBackend(world: World): Decoder<Expectation> {
  const decoder = object("an expectation for one backend", expectFields(world));
  return named("expect for one backend", refined(decoder, toExpectation));
}

type ExpectFields = ReturnType<typeof expectFields>;

function expectFields(world: World) {
  return {
    verdict: optional(
      located(verdicts(world)),
      "what the program decided: a name, a list of right names, or a number",
      "XDP_DROP",
      ["XDP_DROP", "XDP_ABORTED"],
    ),
    packet: optional(
      packetLayers,
      "the packet after the program: fields that have to be so, by protocol; or a list of layers, which is then the whole sequence",
      { ipv4: { ttl: 63 } },
    ),
    unchanged: optional(
      oneOf("'rest', 'all' or 'any'", {
        rest: "whatever `packet` does not name is as sent; checksums and lengths are right",
        all: "not one byte differs",
        any: "the rest may be anything",
      }),
      "what of the packet has to be as it was sent; `rest` where `packet` is given",
      "rest",
    ),
    redirect: optional(
      located(redirect(world)),
      "where the packet is redirected to",
      { dev: "eth1" },
      { map: "tx_port", key: 0 },
    ),
    context: defaulted(contextPatterns(world), {}, "fields of the program's context afterwards", { mark: 5 }),
    maps: defaulted(mapExpectations, [], "what the BPF maps have to hold, by map name", { counter: 1 }),
    events: optional(events, "what the program has to send through its ring buffer or perf event array", [{ pid: 1 }]),
    printk: optional(
      located(listOrOne(located(regex))),
      "lines of bpf_printk output, in order, as regular expressions; further lines are a failure",
      ["dropped .* from"],
    ),
    invariant: optional(
      listOrOne(located(oneOf("an invariant", invariants))),
      "what has to hold for every packet of a `property`; absent: what holds for every correct program",
      ["no-fault", "checksums-valid"],
    ),
    "same-as": optional(
      located(word("a program's file")),
      "another program, with maps of its own, that has to come to the same verdict and bytes",
      "xdp_filter.bpf.c",
    ),
    frames: defaulted(
      frames(world),
      [],
      "what other interfaces have to see, by host:dev; nothing else may arrive there",
      {
        "server:eth0": [{ ipv4: { ttl: 63 } }],
      },
    ),
    path: optional(
      path(world),
      "where the packet comes by, in this order: interfaces, and in the simulator programs at them; others may lie between",
      [{ at: "dut:eth0" }, { at: "server:eth0", packet: { ipv4: { ttl: 63 } } }],
    ),
    observed: defaulted(
      observedEvents,
      [],
      "what observers have to see, by the observer's name: a list of events among others, or {exactly: […]}",
      { drops: [{ reason: "NETFILTER_DROP" }] },
    ),
    globals: defaulted(globalValues, [], "what global variables of the program have to hold", { hits: 3 }),
    cost: optional(cost, "exact numbers of each packet's run, in the simulator", {
      instructions: { max: 150 },
      helpers: { bpf_fib_lookup: 1 },
      maps: { stats: { lookup: 1 } },
    }),
  };
}

function toExpectation(found: ObjectOf<ExpectFields>, node: Node): Expectation {
  const { verdict, redirect, context, maps, events, printk, frames, path: hops, observed, globals, cost } = found;
  return {
    ...expectNothing,
    verdict,
    packet: packetExpectation(found, node),
    redirect,
    context,
    maps,
    events,
    printk,
    frames,
    path: hops,
    observed,
    globals,
    cost,
    ...(found.invariant && { invariant: found.invariant }),
    ...(found["same-as"] && { sameAs: found["same-as"] }),
  };
}

/** `packet` says what, `unchanged` says what of the rest; either implies the other's default. */
function packetExpectation({ packet, unchanged }: ObjectOf<ExpectFields>, node: Node): PacketExpectation | undefined {
  if (packet) return { ...packet, unchanged: unchanged ?? "rest" };
  const entry = entryOf(node, "unchanged");
  if (!entry || unchanged === undefined || unchanged === "any") return undefined;
  return { form: "changes", layers: [], unchanged, span: entry.value.span };
}

function redirect(world: World) {
  const decoder = object("'redirect'", {
    dev: optional(attachedDev(world.topology), "name of the interface, in the program's host", "eth1"),
    map: optional(word("the name of a map"), "name of the devmap, cpumap or xskmap", "tx_port"),
    key: optional(written(), "the slot of the map", 0),
  });
  return refined(decoder, ({ dev, map, key }, node, report) => {
    if (dev !== undefined && map === undefined && key === undefined) return { dev };
    if (dev === undefined && map !== undefined && key !== undefined) return { map, key };
    return report(node.span, "'redirect' takes either 'dev' or both 'map' and 'key'", "for example: {dev: eth1}");
  });
}

const mapSchema: JsonSchema = {
  description:
    "what the map holds: the value of a map with one slot, a list of {key, value} or {key, absent: true}, " +
    "{exactly: […]}, {sum: …}, {count: …}, `unchanged` or `empty`",
};

const mapExpectations: Decoder<readonly MapExpectation[]> = refined(
  record("expectations by map name", written(mapSchema)),
  (maps) => maps.map(({ key, keySpan, decoded }) => ({ map: { value: key, span: keySpan }, written: decoded })),
);

const eventList = list(written({ description: "one event: members of its struct by name, or its bytes as hex" }));

const eventDefaults = {
  map: undefined,
  type: undefined,
  ordered: true,
  timeoutMs: 1000,
  count: undefined,
  ascending: undefined,
  lost: undefined,
};

const eventCount = fieldPattern({ name: "count", kind: "uint", sizeBits: 32, doc: "events in all" });
const lostCount = fieldPattern({ name: "lost", kind: "uint", sizeBits: 64, doc: "events that were lost" });

const events: Decoder<EventsExpectation> = byKind("a list of events", {
  list: refined(eventList, (found, { span }): EventsExpectation => ({ ...eventDefaults, events: found, span })),
  map: refined(
    object("'events'", {
      list: optional(eventList, "the events; with `count`, the first of them", [{ pid: 1 }]),
      count: optional(located(eventCount), "how many events; absent: those of the list and no others", 1000),
      ascending: optional(
        located(word("the name of a member")),
        "the member that is larger in each event than in the one before",
        "sequence",
      ),
      lost: optional(located(lostCount), "how many events the buffer had no room for; absent: none", { min: 1 }),
      map: optional(
        located(word("the name of a map")),
        "the ring buffer or perf event array, where there are several",
        "events",
      ),
      type: optional(located(word("the name of a C struct")), "the struct that an event is, without `struct`", "event"),
      ordered: defaulted(boolean, eventDefaults.ordered, "whether they come in this order; true by default", true),
      timeout: defaulted(durationMs, eventDefaults.timeoutMs, "how long to wait for them; 1s by default", "1s"),
    }),
    ({ list, timeout, ...found }, node, report): EventsExpectation | Invalid =>
      list || found.count
        ? { ...found, events: list ?? [], timeoutMs: timeout, span: node.span }
        : report(headSpan(node), "'events' needs 'list', or 'count'"),
  ),
});

/** Frames elsewhere were not sent as such, so nothing of them can be "as sent". */
function frames(world: World): Decoder<readonly FramesExpectation[]> {
  const frame = refined(packetLayers, (layers): PacketExpectation => ({ ...layers, unchanged: "any" }));
  return refined(record("lists of frames by host:dev", list(frame, "a list of frames")), (found, _, report) => {
    const places = found.map(({ key, keySpan }) =>
      knownPlace(world.topology).decode({ kind: "scalar", value: key, source: key, span: keySpan }, report),
    );
    if (places.includes(invalid)) return invalid;
    return found.map(({ keySpan, decoded }, i) => ({
      place: { value: places[i] as string, span: keySpan },
      packets: decoded,
    }));
  });
}
