import { whyUnreadable } from "../model/map-access.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import { testRunInputs, testRunOutputs, type TestRunInputs } from "../kernel/context.js";
import { WrongSumError } from "../kernel/test-run-error.js";
import type { FieldValue } from "../model/packet.js";
import type { TestRun } from "../kernel/test-run.js";
import { toHex } from "../model/hex.js";
import type { BpfObject, MapSpec } from "../model/object.js";
import type { EngineName } from "./engine.js";
import { FlowDissectorWorld } from "./hooks/flow-dissector.js";
import { SkLookupWorld } from "./hooks/sk-lookup.js";
import { SkbWorld } from "./hooks/skb.js";
import { readSkbFields, skbInputFields } from "./hooks/skb-fields.js";
import { XdpWorld } from "./hooks/xdp.js";
import { SimulatedObject, type HookWorld, type LoadOptions } from "./simulated-object.js";
import { World } from "./world.js";

/** For tests: the same program on the same packets, once in the kernel and once simulated. */

export interface Outcome {
  readonly returned: number;
  readonly packet: string;
  /** Fields of struct __sk_buff after the run, where some went in. */
  readonly fields?: Readonly<Record<string, FieldValue>>;
}

/** A packet, of XDP's how much of it is in the first buffer, and fields of struct __sk_buff. */
export interface Sample {
  readonly bytes: Uint8Array;
  readonly linearBytes?: number;
  readonly fields?: Readonly<Record<string, FieldValue>>;
}

/** A hook's world as this test needs it. */
export interface PacketWorld extends HookWorld {
  readonly context: number;
  open(input: Sample): void;
  packet(): Uint8Array;
}

/** XDP's output has the metadata in front. */
class XdpWithMetadata extends XdpWorld {
  override packet(): Uint8Array {
    return Uint8Array.of(...this.metadata(), ...super.packet());
  }
}

/** A lookup is all context. */
class LookupWithoutPacket extends SkLookupWorld {
  open({ bytes, fields = {} }: Sample): void {
    this.accept({ linkType: "ethernet", bytes }, fields);
  }

  packet(): Uint8Array {
    return new Uint8Array();
  }
}

export const hookOf = {
  xdp: "xdp",
  sched_cls: "tc-ingress",
  cgroup_skb: "cgroup_skb/ingress",
  socket_filter: "socket_filter",
  lwt_in: "lwt_in",
  lwt_out: "lwt_out",
  lwt_xmit: "lwt_xmit",
  flow_dissector: "flow_dissector",
  sk_lookup: "sk_lookup",
} as const;

export type TestedType = keyof typeof hookOf;

const worldOf: Readonly<Record<TestedType, LoadOptions<PacketWorld>["hook"]>> = {
  xdp: (...parts) => new XdpWithMetadata(...parts),
  sched_cls: (...parts) => new SkbWorld("sched_cls", ...parts),
  cgroup_skb: (...parts) => new SkbWorld("cgroup_skb", ...parts),
  socket_filter: (...parts) => new SkbWorld("socket_filter", ...parts),
  lwt_in: (...parts) => new SkbWorld("lwt_in", ...parts),
  lwt_out: (...parts) => new SkbWorld("lwt_out", ...parts),
  lwt_xmit: (...parts) => new SkbWorld("lwt_xmit", ...parts),
  flow_dissector: (...parts) => new FlowDissectorWorld(...parts),
  sk_lookup: (...parts) => new LookupWithoutPacket(...parts),
};

/** The object on a simulated machine. */
export function simulate(object: BpfObject, type: TestedType, engine: EngineName): SimulatedObject<PacketWorld> {
  return new SimulatedObject(object, { world: new World({ seed: 1 }), engine, globals: [], hook: worldOf[type] });
}

/** Of a packet whose sum the program has left wrong, a test run tells nothing else. */
const wrong: Outcome = { returned: -1, packet: "" };

export function runKernel(loaded: LoadedObject, testRun: TestRun, type: TestedType, sample: Sample): Outcome {
  testRun.select(loaded.programFd, type);
  const { context, flags } = inputsOf(type, sample);
  testRun.add(sample.bytes, context, flags);
  try {
    testRun.run();
  } catch (error) {
    if (error instanceof WrongSumError) return wrong;
    throw error;
  }
  const outcome = { returned: testRun.returned(0) >>> 0, packet: toHex(testRun.packetOut(0)) };
  return shows(sample) && type !== "sk_lookup"
    ? { ...outcome, fields: testRunOutputs(type, testRun.packetOut(0), testRun.context(0)).fields }
    : outcome;
}

function inputsOf(type: TestedType, { bytes, linearBytes, fields }: Sample): Omit<TestRunInputs, "data"> {
  if (fields) return testRunInputs(type, { linkType: "ethernet", bytes }, bytes, fields);
  // struct xdp_md: where the packet begins, and where its first buffer ends.
  const words = linearBytes === undefined ? undefined : Uint32Array.of(0, linearBytes, 0, 0, 0, 0);
  return { context: words && new Uint8Array(words.buffer) };
}

/** Whether a context goes in, and so comes out. */
function shows({ fields }: Sample): boolean {
  return fields !== undefined && Object.keys(fields).some((name) => name !== "ip_summed");
}

export function runSimulator(simulated: SimulatedObject<PacketWorld>, program: string, sample: Sample): Outcome {
  const { machine, hook } = simulated;
  const engine = simulated.program(program);
  hook.open(sample);
  machine.run(engine, hook.context);
  if (hook instanceof SkbWorld && hook.whyUnusable() !== undefined) return wrong;
  const outcome = { returned: machine.arguments.result32, packet: toHex(hook.packet()) };
  if (!shows(sample) || !(hook instanceof SkbWorld)) return outcome;
  const fields = readSkbFields(hook.contextView());
  // Of all that goes in, a test run does not give `gso_size` back.
  const shown = skbInputFields.flatMap((name) => (name === "gso_size" ? [] : [[name, fields[name]!]]));
  return { ...outcome, fields: Object.fromEntries(shown) as NonNullable<Outcome["fields"]> };
}

export type Contents = Record<string, Record<string, string>>;

/** By map and key: the value, of per-CPU maps the sum of their 32-bit words. */
function contentsOf(
  maps: readonly MapSpec[],
  entriesOf: (map: MapSpec) => Iterable<{ readonly key: Uint8Array; readonly values: readonly Uint8Array[] }>,
): Contents {
  return Object.fromEntries(
    maps.map((map) => [
      map.name,
      Object.fromEntries([...entriesOf(map)].map(({ key, values }) => [toHex(key), sumOf(values)] as const)),
    ]),
  );
}

function sumOf(values: readonly Uint8Array[]): string {
  const [only] = values;
  if (values.length === 1 && only) return toHex(only);
  const words = values.map((value) => new Uint32Array(value.slice(0, value.length & ~3).buffer));
  return words.reduce((sum, more) => sum.map((word, i) => word + more[i]!)).join(" ");
}

/** What the programs themselves may have written to. */
function comparedMaps(object: BpfObject): MapSpec[] {
  return object.maps.filter((map) => whyUnreadable(map) === undefined && map.type !== "prog_array");
}

export function kernelMaps(object: BpfObject, loaded: LoadedObject): Contents {
  return contentsOf(comparedMaps(object), (map) => loaded.readMap(map));
}

export function simulatedMaps(object: BpfObject, simulated: SimulatedObject<PacketWorld>): Contents {
  return contentsOf(comparedMaps(object), (map) => simulated.maps.get(map.name)!.entries());
}
