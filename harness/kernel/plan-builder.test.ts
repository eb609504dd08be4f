import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { readObject } from "../object/read-object.js";
import type { Hook } from "../model/hook.js";
import { hooks } from "../model/hook.js";
import type { BpfObject, MapSpec } from "../model/object.js";
import type { Packet } from "../model/packet.js";
import type { MapPatch, MapValue, Plan, PlannedExpectation, PlannedSend, PlannedStep } from "../model/plan.js";
import type { Span } from "../model/span.js";

/** For tests: plans by hand, over the committed objects, without YAML or planner. */

export const nowhere: Span = {
  file: "test",
  start: { line: 1, column: 1, offset: 0 },
  end: { line: 1, column: 1, offset: 0 },
};

export const noExpectation: PlannedExpectation = {
  verdict: undefined,
  packet: undefined,
  redirect: undefined,
  context: {},
  maps: [],
  events: undefined,
  printk: undefined,
  observed: [],
  frames: [],
  path: undefined,
  globals: [],
  cost: undefined,
  on: {},
};

/** An object of fixtures/objects, by the name of its C source. */
export function fixtureObject(name: string): BpfObject {
  const file = `${name}.bpf.o`;
  return readObject(readFileSync(join(repositoryRoot(), "fixtures", "objects", file)), name);
}

export function planFor(object: BpfObject, hook: Hook, more: Partial<Plan> & { entry?: string } = {}): Plan {
  const { entry, ...rest } = more;
  const program = object.programs.find((p) => (entry === undefined ? p.type === hooks[hook] : p.name === entry));
  if (!program) throw new Error(`no program for ${hook} in ${object.name}`);
  const client = { host: "client", dev: "eth0" };
  return {
    file: "test.yml",
    scenario: "test",
    caseName: "test",
    span: nowhere,
    seed: 1,
    object,
    program,
    programType: hooks[hook],
    hook,
    load: { fails: undefined },
    attach: [],
    objects: [],
    globals: [],
    maps: [],
    pins: {},
    topology: { hosts: [], links: [], bridges: [], attach: { host: "dut", dev: "eth0" }, from: client },
    services: [],
    observe: { observers: [], rules: [] },
    steps: [],
    backends: undefined,
    xfail: {},
    skip: undefined,
    ...rest,
  };
}

export function sendStep(packets: readonly Uint8Array[], more: Partial<PlannedSend> = {}): PlannedSend {
  return {
    kind: "send",
    index: 0,
    label: "step 1",
    span: nowhere,
    expect: noExpectation,
    packets: packets.map((bytes): Packet => ({ linkType: "ethernet", bytes })),
    from: { host: "client", dev: "eth0" },
    times: 1,
    senders: 1,
    context: {},
    ...more,
  };
}

/** Steps get their places as indices. */
export function steps(...list: readonly PlannedStep[]): PlannedStep[] {
  return list.map((step, index) => ({ ...step, index, label: `step ${index + 1}` }));
}

export function mapOf(object: BpfObject, name: string): MapSpec {
  const map = object.maps.find((m) => m.name === name);
  if (!map) throw new Error(`no map ${name} in ${object.name}`);
  return map;
}

export function setPatch(map: MapSpec, key: Uint8Array, value: MapValue | Uint8Array): MapPatch {
  const given = value instanceof Uint8Array ? { kind: "bytes" as const, bytes: value } : value;
  return { map, op: "set", key, value: given, span: nowhere };
}

/** Little-endian 32-bit words. */
export function u32(...words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

export function u64(value: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(value).buffer);
}

function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
