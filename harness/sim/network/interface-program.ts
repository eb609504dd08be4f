import { isEgress, verdictName, type DeviceHook } from "../../model/hook.js";
import type { FieldValue } from "../../model/packet.js";
import type { Place } from "../../model/topology.js";
import { ProgramFault } from "../fault.js";
import type { Fields, PacketHook } from "../hooks/packet-hook.js";
import type { SkbClone } from "../hooks/skb.js";
import { cpuOf, targetsOf, type CpuTarget } from "../redirect-targets.js";
import type { Stage } from "../simulated-object.js";
import type { World } from "../world.js";
import { ifindexOf, type HostSite } from "./site.js";
import type { Skb } from "./skb.js";

/** What a program at an interface made of a packet. */
export interface ProgramRun {
  /** By its kernel name. */
  readonly verdict: string;
  readonly returned: number;
  /** As it left the program. */
  readonly skb: Skb;
  /** Context fields after the run. */
  readonly fields: Fields;
  /** Interfaces of the program's host that a redirected packet goes to, and how. */
  readonly redirects: readonly Redirected[];
  /** The CPU that goes on with the packet, if that is another one. */
  readonly cpu: CpuTarget | undefined;
  /** What the program sent on its own while it ran. */
  readonly clones: readonly Redirected[];
}

export interface Redirected {
  readonly dev: string;
  readonly way: "egress" | "ingress" | "peer" | "neighbour";
  /** The neighbour that the program names itself. */
  readonly nextHop?: Uint8Array | undefined;
  /** Of a devmap's entry: it sees the packet on its way out. */
  readonly program?: string | undefined;
  readonly skb: Skb;
}

/** A program where packets pass. */
export interface InterfaceProgram {
  readonly hook: DeviceHook;
  readonly at: Place;
  /** Undefined where the program went wrong and the packet with it: somebody has been told. */
  run(skb: Skb): ProgramRun | undefined;
  /** Runs another program of the same object, of an entry of a devmap, on the way out of `dev`. */
  runOnTheWayOut(program: string, dev: string, skb: Skb): ProgramRun | undefined;
  /** Runs another program of the same object, of an entry of a cpumap, on that CPU. */
  runOnCpu(program: string, cpu: number, skb: Skb): ProgramRun | undefined;
}

/** What a program is run with. */
export interface ProgramParts {
  /** The program that is in place, by its name, and where it runs. */
  readonly inPlace: () => { readonly stage: Stage<PacketHook>; readonly program: string };
  readonly world: World;
  readonly site: HostSite;
  /** Around every run, which throws ProgramFault. */
  readonly around: (skb: Skb, run: () => void) => void;
  /** Context fields that the scenario sets for this packet. */
  readonly given: (skb: Skb) => Fields;
  readonly onFault: (error: ProgramFault) => void;
}

/** Runs a program on a packet at an interface. */
export function runProgram(
  parts: ProgramParts,
  { hook, at }: Pick<InterfaceProgram, "hook" | "at">,
  skb: Skb,
): ProgramRun | undefined {
  const { site, given, inPlace } = parts;
  const ifindex = ifindexOf(site, at.dev);
  const fields = hook.startsWith("xdp") ? xdpFields(skb, { ifindex }) : skbFields(skb, ifindex, isEgress(hook));
  return run(parts, inPlace().program, hook.startsWith("xdp"), skb, { ...fields, ...given(skb) });
}

/** Runs a devmap entry's program. */
export function runDevmapProgram(parts: ProgramParts, name: string, dev: string, skb: Skb): ProgramRun | undefined {
  const egress = ifindexOf(parts.site, dev);
  return run(parts, name, true, skb, xdpFields(skb, { ifindex: skb.iif, egress }));
}

/** Runs a cpumap entry's program. */
export function runCpumapProgram(parts: ProgramParts, name: string, cpu: number, skb: Skb): ProgramRun | undefined {
  const { world } = parts;
  const before = world.cpu;
  world.cpu = cpu;
  try {
    return run(parts, name, true, skb, xdpFields(skb, { ifindex: skb.iif }));
  } finally {
    world.cpu = before;
  }
}

function xdpFields({ metadata }: Skb, { ifindex, egress = 0 }: { ifindex: number; egress?: number }): Fields {
  return { data_meta: metadata, ingress_ifindex: ifindex, egress_ifindex: egress };
}

function skbFields(
  { mark, priority, cb, metadata, packetType, iif, vlan }: Skb,
  ifindex: number,
  out: boolean,
): Fields {
  return {
    mark,
    priority,
    cb,
    data_meta: metadata,
    pkt_type: packetType,
    ifindex,
    ingress_ifindex: out ? iif : ifindex,
    ...(vlan && { vlan_present: 1, vlan_proto: vlan.protocol, vlan_tci: vlan.tci }),
  };
}

function run(parts: ProgramParts, name: string, isXdp: boolean, skb: Skb, fields: Fields): ProgramRun | undefined {
  const { world, site, around, onFault } = parts;
  const { stage } = parts.inPlace();
  const { hook, machine } = stage;
  world.site = site;
  hook.accept({ linkType: "ethernet", bytes: skb.frame }, fields);
  try {
    around(skb, () => machine.run(stage.program(name), hook.context));
    const fault = hook.whyUnusable?.();
    if (fault !== undefined) throw new ProgramFault(fault, 0, undefined);
  } catch (error) {
    if (!(error instanceof ProgramFault)) throw error;
    onFault(error);
    return undefined;
  }
  const returned = machine.arguments.result32 | 0;
  const verdict = verdictName(isXdp ? "xdp" : "sched_cls", returned);
  const out = hook.outputFields();
  const left: Skb = { ...skb, ...(isXdp ? {} : besideOf(out)), frame: hook.output()!, metadata: hook.metadata() };
  const redirects = verdict.endsWith("_REDIRECT") ? targetsOf(hook.redirect, stage.maps, site.devs, skb.iif) : [];
  return {
    verdict,
    returned,
    skb: left,
    fields: out,
    redirects: redirects.map((target) => ({ ...target, skb: left })),
    cpu: verdict === "XDP_REDIRECT" ? cpuOf(hook.redirect, stage.maps) : undefined,
    clones: (hook.clones ?? []).map((clone) => clonedTo(clone, site, left)),
  };
}

function clonedTo({ ifindex, way, frame, fields }: SkbClone, { devs }: HostSite, skb: Skb): Redirected {
  return { dev: devs[ifindex] ?? "", way, skb: { ...skb, ...besideOf(fields), frame } };
}

/** What a program of traffic control has left beside the bytes. */
function besideOf(fields: Fields): Partial<Skb> {
  const number = (name: string): number => Number(fields[name] ?? 0);
  const cb: FieldValue | undefined = fields["cb"];
  const isTagged = number("vlan_present") !== 0;
  return {
    mark: number("mark"),
    priority: number("priority"),
    cb: Array.isArray(cb) ? cb.map(Number) : [],
    packetType: number("pkt_type"),
    vlan: isTagged ? { protocol: number("vlan_proto"), tci: number("vlan_tci") } : undefined,
  };
}
