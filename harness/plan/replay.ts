import { whyUnreadable } from "../model/map-access.js";
import type { BpfObject } from "../model/object.js";
import type { Packet } from "../model/packet.js";
import type { Plan, PlannedExpectation, PlannedMapExpectation, PlannedSend } from "../model/plan.js";
import type { Topology } from "../model/topology.js";
import { Problems } from "../model/problems.js";
import type { WrittenEntry } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { defaultTopology } from "../scenario/topology.js";
import { mergeSetUp, planMaps } from "./map-entries.js";
import type { ReplayProgram } from "./replay-program.js";

export interface ReplayInputs {
  readonly object: BpfObject;
  readonly program: ReplayProgram;
  readonly packets: readonly Packet[];
  /** Contents of maps before the first packet. */
  readonly maps: readonly WrittenEntry[];
  readonly seed: number;
}

/**
 * A plan that sends packets through a program in order and judges nothing; every map that user space can read is
 * looked at before and after.
 *
 * @throws HarnessError with everything that is wrong in `maps`, each with its place
 */
export function planReplay({ object, program, packets, maps, seed }: ReplayInputs): Plan {
  const problems = new Problems();
  const topology = onLoopback(defaultTopology(program.hook));
  const context = {
    object,
    programType: program.type,
    topology,
    attached: [],
    observers: [],
    problems,
    objects: new Map(),
  };
  const patches = mergeSetUp(context, planMaps(context, maps));
  problems.throwIfAny();
  const span = startOf(object.name);
  const step: PlannedSend = {
    kind: "send",
    index: 0,
    label: "replay",
    span,
    expect: watching(object, span),
    packets,
    from: topology.from,
    times: 1,
    senders: 1,
    context: {},
    unjudged: true,
  };
  return {
    file: object.name,
    scenario: object.name,
    caseName: "replay",
    span,
    seed,
    object,
    program: program.program,
    programType: program.type,
    hook: program.hook,
    load: { fails: undefined },
    attach: [],
    objects: [],
    globals: [],
    maps: patches,
    pins: {},
    topology,
    services: [],
    observe: { observers: [], rules: [] },
    steps: [step],
    backends: undefined,
    xfail: {},
    skip: undefined,
  };
}

/** A test run's packets come in on the loopback device, so no interface has an MTU or address of its own. */
function onLoopback(topology: Topology): Topology {
  return { ...topology, hosts: topology.hosts.map((host) => ({ ...host, interfaces: [] })) };
}

/** Wants nothing, but has backends observe the maps. */
function watching(object: BpfObject, span: Span): PlannedExpectation {
  const maps = object.maps
    .filter((map) => whyUnreadable(map) === undefined)
    .map((map): PlannedMapExpectation => ({ map, span, entries: [], others: "any", count: undefined }));
  return {
    verdict: undefined,
    packet: undefined,
    redirect: undefined,
    context: {},
    maps,
    events: undefined,
    printk: undefined,
    frames: [],
    path: undefined,
    observed: [],
    globals: [],
    cost: undefined,
    on: {},
  };
}

/** Nothing of a replay is written in a file, but for the contents of maps, which have places of their own. */
function startOf(file: string): Span {
  const start = { line: 1, column: 1, offset: 0 };
  return { file, start, end: start };
}
