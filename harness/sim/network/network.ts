import { harnessError } from "../../model/error.js";
import { isEgress } from "../../model/hook.js";
import { samePlace } from "../../model/segments.js";
import { formatPlace, type Place, type Topology } from "../../model/topology.js";
import type { Clock } from "../clock.js";
import { xdpFate, trafficControlFate } from "./fate.js";
import { SimHost, type Outgoing } from "./host.js";
import type { InterfaceProgram, ProgramRun, Redirected } from "./interface-program.js";
import { Joints } from "./joints.js";
import type { CpuTarget } from "../redirect-targets.js";
import { ifindexOf, type HostSite } from "./site.js";
import { overCable, packetType, typedFor, untagged, withoutMetadata, type Skb } from "./skb.js";

/** So many moves follow from one cause and no more: beyond, frames go round in circles. */
const mostMoves = 10_000;

/** Where a packet is on its way, and so what it meets next. */
type Stage =
  /** On its way out of an interface: programs of traffic control, then the cable. */
  | "egress"
  /** Past traffic control: the cable. */
  | "cable"
  /** At the other end of a cable, as a frame without an skb: native XDP. */
  | "arrival"
  /** Taken in by an interface: generic XDP, whoever captures frames, traffic control, and the stack. */
  | "ingress";

interface Moving {
  readonly stage: Stage;
  readonly at: Place;
  readonly skb: Skb;
}

/** Told of what happens in a network. */
export interface NetworkObserver {
  /** A frame has come to an interface, as a packet socket there would show it. */
  arrived(at: Place, skb: Skb): void;
}

/**
 * Hosts, links and bridges of a topology, and programs at interfaces, in the order of net/core/dev.c: packets move one
 * after the other, in the order in which they were sent.
 */
export class SimNetwork {
  readonly #topology: Topology;
  readonly #joints: Joints;
  readonly #sites: ReadonlyMap<string, HostSite>;
  readonly #hosts: ReadonlyMap<string, SimHost>;
  readonly #observer: NetworkObserver;
  /** The interface at which only what gets past traffic control is captured. */
  readonly #tapped: Place | undefined;
  /** By hook and place, in the order in which they were attached. */
  programs: readonly InterfaceProgram[] = [];

  constructor(
    topology: Topology,
    sites: ReadonlyMap<string, HostSite>,
    observer: NetworkObserver,
    tapped: Place | undefined,
    clock: Clock,
  ) {
    this.#topology = topology;
    this.#joints = new Joints(topology);
    this.#sites = sites;
    this.#observer = observer;
    this.#tapped = tapped;
    this.#hosts = new Map(
      topology.hosts.map((host) => [
        host.name,
        new SimHost(host, sites.get(host.name)!, {
          clock,
          unable: (what) => {
            throw harnessError("unsupported", `host ${host.name} ${what}: not simulated`, { hint: "use backend wire" });
          },
          send: (packets) => this.send(host.name, packets),
        }),
      ]),
    );
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name);
    if (!host) throw harnessError("topology", `the topology has no host ${name}`);
    return host;
  }

  /** Sends packets out of interfaces of a host, and lets happen whatever follows. */
  send(host: string, packets: readonly Outgoing[]): void {
    const queue: Moving[] = leaving(host, packets);
    for (let moves = 0; ; moves++) {
      const next = queue.shift();
      if (!next) return;
      if (moves === mostMoves)
        throw harnessError(
          "unsupported",
          `more than ${mostMoves} moves follow from one packet: they go round in circles`,
        );
      queue.push(...this.#move(next));
    }
  }

  #move({ stage, at, skb }: Moving): Moving[] {
    switch (stage) {
      case "egress":
        return this.#trafficControl("egress", at, skb, (passed) =>
          passed.nesting > deepestNesting ? [] : [{ stage: "cable", at, skb: withoutMetadata(passed) }],
        );
      case "cable":
        return this.#cross(at, skb);
      case "arrival":
        return this.#nativeXdp(at, skb);
      case "ingress":
        return this.#ingress(at, skb);
    }
  }

  /** What an interface does not have room for is lost (is_skb_forwardable). */
  #cross(from: Place, skb: Skb): Moving[] {
    const sent = overCable(skb);
    return this.#joints
      .reached(from, sent.frame)
      .filter((at) => sent.frame.length <= this.#deviceAt(at).mtuBytes + linkHeaderBytes)
      .map((at) => ({ stage: "arrival", at, skb: sent }));
  }

  #nativeXdp(at: Place, skb: Skb): Moving[] {
    const iif = ifindexOf(this.#siteOf(at), at.dev);
    return this.#xdp("native", at, { ...skb, iif }, (passed) => [
      { stage: "ingress", at, skb: typedFor(passed, this.#deviceAt(at).mac) },
    ]);
  }

  #ingress(at: Place, arrived: Skb): Moving[] {
    const iif = ifindexOf(this.#siteOf(at), at.dev);
    return this.#xdp("generic", at, { ...arrived, iif }, (passed, changed) => {
      const whole = changed ? typedFor(passed, this.#deviceAt(at).mac) : passed;
      const isTapped = this.#tapped !== undefined && samePlace(this.#tapped, at);
      const skb = isTapped ? untagged(whole) : this.#show(at, untagged(whole));
      return this.#trafficControl("ingress", at, skb, (accepted) => {
        const shown = isTapped ? this.#show(at, accepted) : accepted;
        return leaving(at.host, this.host(at.host).receive(shown));
      });
    });
  }

  /** Whoever has seen a packet that the program under test let out: from here on it is others' doing. */
  #show(at: Place, skb: Skb): Skb {
    this.#observer.arrived(at, skb);
    return skb.origin?.isOutput ? { ...skb, origin: undefined } : skb;
  }

  #xdp(mode: "native" | "generic", at: Place, skb: Skb, onward: (passed: Skb, changed: boolean) => Moving[]): Moving[] {
    const isGeneric = mode === "generic";
    const program = this.programs.find(
      ({ hook, at: own }) => hook.startsWith("xdp") && (hook === "xdp-generic") === isGeneric && samePlace(own, at),
    );
    if (!program) return onward(skb, false);
    const run = program.run(isGeneric ? withoutMetadata(skb) : skb);
    if (!run) return [];
    const sent = (of: Skb): Skb => (isGeneric ? withoutMetadata(of) : of);
    switch (xdpFate(run.verdict)) {
      case "onward":
        return onward(run.skb, true);
      case "back":
        return [{ stage: "cable", at, skb: sent(run.skb) }];
      case "redirected":
        return run.cpu ? this.#toCpu(program, run.cpu, run.skb, sent, onward) : this.#toDevices(program, run, sent);
      case "gone":
        return [];
    }
  }

  /** `sent` makes of packets what leaves: a generic program's lose what stands in front of them. */
  #toDevices(by: InterfaceProgram, { redirects }: ProgramRun, sent: (of: Skb) => Skb): Moving[] {
    return redirects.flatMap((target) =>
      this.#redirectFrame(by, { ...target, skb: sent(target.skb) }).map((one) => ({ ...one, skb: sent(one.skb) })),
    );
  }

  /** A cpumap's entry may have a program of its own, which lets the packet up into the stack or sends it elsewhere. */
  #toCpu(
    by: InterfaceProgram,
    { cpu, program }: CpuTarget,
    skb: Skb,
    sent: (of: Skb) => Skb,
    onward: (passed: Skb, changed: boolean) => Moving[],
  ): Moving[] {
    if (program === undefined) return onward(skb, true);
    const run = by.runOnCpu(program, cpu, skb);
    const fate = run && xdpFate(run.verdict);
    if (fate === "onward") return onward(run!.skb, true);
    return fate === "redirected" && !run!.cpu ? this.#toDevices(by, run!, sent) : [];
  }

  /** XDP sends past traffic control; a devmap's entry may have a program of its own. */
  #redirectFrame(by: InterfaceProgram, { dev, skb, program }: Redirected): Moving[] {
    const at = { host: by.at.host, dev };
    if (program === undefined) return [{ stage: "cable", at, skb }];
    const run = by.runOnTheWayOut(program, dev, skb);
    if (!run) return [];
    // Anything else is for the kernel a mistake or a drop (dev_map_bpf_prog_run of kernel/bpf/devmap.c).
    return xdpFate(run.verdict) === "onward" ? [{ stage: "cable", at, skb: run.skb }] : [];
  }

  /** The programs of one interface one after the other: tcx first, then filters (sch_handle_ingress and _egress). */
  #trafficControl(direction: "ingress" | "egress", at: Place, skb: Skb, onward: (passed: Skb) => Moving[]): Moving[] {
    const here = this.programs.filter(
      ({ hook, at: own }) => hook.startsWith("tc") && isEgress(hook) === (direction === "egress") && samePlace(own, at),
    );
    const inOrder = here.toSorted((a, b) => Number(b.hook.startsWith("tcx")) - Number(a.hook.startsWith("tcx")));
    const moving: Moving[] = [];
    let passing = skb;
    for (const program of inOrder) {
      const run = program.run(passing);
      if (!run) return moving;
      moving.push(...run.clones.flatMap((clone) => this.#redirectSkb(program, clone)));
      const fate = trafficControlFate(program.hook, run.verdict);
      if (fate === "gone") return moving;
      if (fate === "redirected") return [...moving, ...this.#redirectAll(program, run)];
      passing = run.skb;
      if (fate === "onward") break;
    }
    return [...moving, ...onward(passing)];
  }

  #redirectAll(by: InterfaceProgram, { redirects }: ProgramRun): Moving[] {
    return redirects.flatMap((target) => this.#redirectSkb(by, target));
  }

  /** skb_do_redirect and bpf_clone_redirect of net/core/filter.c. */
  #redirectSkb(by: InterfaceProgram, { dev, way, nextHop, skb }: Redirected): Moving[] {
    const at = { host: by.at.host, dev };
    if (!this.#siteOf(at).devs.includes(dev)) return [];
    switch (way) {
      case "egress":
        return skb.nesting > deepestNesting ? [] : [{ stage: "egress", at, skb: nested(skb) }];
      case "ingress":
        // It is forwarded to the device as if it had come by a cable, but stays in its host: so does its mark.
        return [{ stage: "ingress", at, skb: { ...typedFor(skb, this.#deviceAt(at).mac), priority: 0, nesting: 0 } }];
      case "peer":
        return isEgress(by.hook) ? [] : this.#redirectToPeer(at, skb);
      case "neighbour":
        if (skb.nesting > deepestNesting) return [];
        return leaving(at.host, this.host(at.host).sendToNeighbour(dev, nextHop, nested(skb)));
    }
  }

  /** To the other end of the interface's cable, which is in another host, without going over it. */
  #redirectToPeer(at: Place, skb: Skb): Moving[] {
    const isBridged = this.#topology.bridges.some(({ ports }) => ports.some((port) => samePlace(port, at)));
    if (isBridged) return this.#cross(at, skb);
    const [peer] = this.#joints.reached(at, skb.frame);
    if (!peer || peer.host === at.host) return [];
    return [{ stage: "ingress", at: peer, skb: { ...skb, packetType: packetType.host } }];
  }

  #siteOf({ host }: Place): HostSite {
    const site = this.#sites.get(host);
    if (!site) throw harnessError("topology", `the topology has no host ${host}`);
    return site;
  }

  #deviceAt(at: Place) {
    const site = this.#siteOf(at);
    const device = site.fib.devices.get(site.devs.indexOf(at.dev));
    if (!device) throw harnessError("topology", `the topology has no interface ${formatPlace(at)}`);
    return device;
  }
}

/** Ethernet header, and room for a VLAN tag. */
const linkHeaderBytes = 18;

/** XMIT_RECURSION_LIMIT of include/linux/netdevice.h. */
const deepestNesting = 8;

function nested(skb: Skb): Skb {
  return { ...skb, nesting: skb.nesting + 1 };
}

function leaving(host: string, packets: readonly Outgoing[]): Moving[] {
  return packets.map(({ dev, skb }) => ({ stage: "egress", at: { host, dev }, skb }));
}
