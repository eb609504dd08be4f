import { rmSync } from "node:fs";
import type { DeviceHook } from "../../model/hook.js";
import { allowedCpus } from "../../wire/cpu.js";
import { findCommand } from "../../../netns/find-command.js";
import { loadProgram, word32 } from "../load-program.js";
import type { Bed } from "../wire/bed.js";
import { addresses, ports } from "../wire/marked-frame.js";
import { startReady } from "../wire/start-ready.js";
import type { Job } from "./jobs.js";
import type { Workshop } from "../wire/workshop.js";

/** Where a job can be done. */
export interface Place {
  readonly id: string;
  readonly title: string;
  /** A process has to be woken up for every frame: it is not flooded, only timed. */
  readonly isProcess?: boolean;
  /** Why the job cannot be done there, or not on this machine; undefined where it can. */
  whyNot(job: Job, workshop: Workshop): string | undefined;
  /** The interface by which the device under test routes to the frames' destination; eth1 unless said. */
  wayOut?(job: Job): "eth0" | "eth1";
  /** Has the job done there, until the bed goes. */
  set(bed: Bed, job: Job, workshop: Workshop): Promise<void> | void;
}

const { destination } = addresses;
const { client } = addresses;

/** A BPF program where frames come in. */
function program(id: string, title: string, hook: DeviceHook, type: "xdp" | "tc"): Place {
  return {
    id,
    title,
    whyNot: () => undefined,
    set: (bed, job, { object, folder }) =>
      attachProgram(bed, { object, folder }, { entry: `${type}_bench_${job}`, hook, dev: "eth0" }),
  };
}

function attachProgram(
  bed: Bed,
  { object, folder }: Pick<Workshop, "object" | "folder">,
  { entry, hook, dev }: { entry: string; hook: DeviceHook; dev: "eth0" | "eth1" },
): void {
  const loaded = loadProgram({ object, entry, hook, globals: { out_ifindex: word32(bed.ifindex("eth1")) } }, folder);
  bed.network.teardown.defer(() => loaded.close());
  bed.attach(hook, dev, loaded.programFd);
}

/** On the way out, when the host's stack has done its part of the work. */
const egress: Place = {
  id: "tc-egress",
  title: "TC egress (clsact)",
  whyNot: (job) =>
    job === "reflect" ? "what comes in is not seen there until the stack has routed it elsewhere" : undefined,
  wayOut: (job) => (job === "redirect" || job === "rewrite" ? "eth0" : "eth1"),
  set(bed, job, workshop) {
    const entry = job === "redirect" || job === "rewrite" ? `tc_bench_${job}_out` : `tc_bench_${job}`;
    const dev = this.wayOut!(job);
    attachProgram(bed, workshop, { entry, hook: "tc-egress", dev });
  },
};

/** The stack by itself: a route. */
const routing: Place = {
  id: "routing",
  title: "stack: a route",
  whyNot: (job) =>
    ({
      drop: undefined,
      count: undefined,
      redirect: undefined,
      reflect: "the stack sends no packet back of its own accord",
      rewrite: "routing leaves addresses alone",
    })[job],
  set: (bed, job) =>
    job === "drop" ? bed.command(["ip", "route", "replace", "blackhole", `${destination}/32`]) : undefined,
};

/** Rules in the stack, by the tool that people know. */
function rules(
  id: string,
  title: string,
  byJob: Readonly<Record<Job, { readonly whyNot: string } | { readonly input: string }>>,
  tool: readonly [string, ...string[]],
): Place {
  return {
    id,
    title,
    whyNot(job) {
      const does = byJob[job];
      if ("whyNot" in does) return does.whyNot;
      return findCommand(tool[0]) === undefined ? `${tool[0]} is not installed` : undefined;
    },
    async set(bed, job) {
      const does = byJob[job];
      if ("input" in does) await bed.command(tool, does.input);
    },
  };
}

const forwardsUdp = `-A FORWARD -p udp -d ${destination} --dport ${ports.destination}`;
const iptables = rules(
  "iptables",
  "stack: iptables",
  {
    drop: { input: `*filter\n${forwardsUdp} -j DROP\nCOMMIT\n` },
    count: { input: `*filter\n${forwardsUdp}\nCOMMIT\n` },
    reflect: { whyNot: "no target of iptables sends a packet back" },
    redirect: { whyNot: "iptables does not choose the interface: see the route" },
    rewrite: {
      input: `*nat\n-A PREROUTING -p udp -d ${destination} --dport ${ports.destination} -j DNAT --to-destination ${client}\nCOMMIT\n`,
    },
  },
  ["iptables-restore"],
);

const isOurs = `ip daddr ${destination} udp dport ${ports.destination}`;
const nftables = rules(
  "nftables",
  "stack: nftables",
  {
    drop: { input: forwardChain(`${isOurs} drop`) },
    count: { input: forwardChain(`${isOurs} counter`) },
    reflect: { whyNot: "only a chain at the interface can send back: see nftables at ingress" },
    redirect: { whyNot: "the stack chooses the interface: see the route" },
    rewrite: {
      // Stateless, as the programs are: no connection is tracked.
      input: `table ip bench { chain c { type filter hook prerouting priority raw; ${isOurs} ip daddr set ${client}\n}\n}\n`,
    },
  },
  ["nft", "-f", "-"],
);

function forwardChain(rule: string): string {
  return `table ip bench { chain c { type filter hook forward priority filter; ${rule}\n}\n}\n`;
}

const swapMacs = "ether daddr set 02:00:00:00:00:01 ether saddr set 02:00:00:00:00:02";
const nftablesIngress = rules(
  "nftables-ingress",
  "nftables at ingress",
  {
    drop: { input: ingressChain(`${isOurs} drop`) },
    count: { input: ingressChain(`${isOurs} counter`) },
    reflect: {
      input: ingressChain(
        `${isOurs} ${swapMacs} ip daddr set ${addresses.source} ip saddr set ${destination} ` +
          `udp sport set ${ports.destination} udp dport set ${ports.source} fwd to "eth0"`,
      ),
    },
    redirect: { input: ingressChain(`${isOurs} ${swapMacs} fwd to "eth1"`) },
    rewrite: { input: ingressChain(`${isOurs} ${swapMacs} ip daddr set ${client} fwd to "eth0"`) },
  },
  ["nft", "-f", "-"],
);

function ingressChain(rule: string): string {
  return `table netdev bench { chain c { type filter hook ingress device "eth0" priority 0; ${rule}\n}\n}\n`;
}

/** The job in a process. */
function inProcess(
  id: string,
  title: string,
  reasons: Partial<Record<Job, string>>,
  start: (bed: Bed, job: Job, workshop: Workshop) => Promise<readonly string[]> | readonly string[],
): Place {
  return {
    id,
    title,
    isProcess: true,
    whyNot: (job, workshop) => reasons[job] ?? workshop.whyNoEcho,
    async set(bed, job, workshop) {
      const words = await start(bed, job, workshop);
      await startReady(bed.network, "dut", [workshop.echo!, ...words, String(allowedCpus().at(-1))]);
    },
  };
}

const udpSocket = inProcess(
  "udp-socket",
  "process: UDP socket",
  {
    drop: "a socket gets only what is for its own host",
    count: "a socket gets only what is for its own host",
    redirect: "a socket gets only what is for its own host",
    rewrite: "the kernel writes the addresses of what a socket sends",
  },
  async (bed) => {
    await bed.command(["ip", "address", "add", `${destination}/32`, "dev", "lo"]);
    return ["udp", destination, String(ports.destination)];
  },
);

const packetSocket = inProcess(
  "af-packet",
  "process: AF_PACKET",
  { drop: "an AF_PACKET socket gets a copy; the packet itself goes on" },
  async (bed, job) => {
    // The packet itself goes on to the stack, which must not send it, too.
    if (job !== "count") await bed.command(["ip", "route", "replace", "blackhole", `${destination}/32`]);
    return ["packet", "eth0", job === "redirect" ? "eth1" : "eth0", job];
  },
);

const xdpSocket = inProcess(
  "af-xdp",
  "process: AF_XDP (copy mode)",
  {
    drop: "dropped or not, nothing comes back from the process to take the time of",
    count: "a packet that an AF_XDP socket got does not reach the stack",
    redirect: "the socket sends by the interface that it is bound to",
  },
  (bed, job, { object, folder }) => {
    const loaded = loadProgram({ object, entry: "xdp_bench_to_socket", hook: "xdp" }, folder);
    bed.network.teardown.defer(() => loaded.close());
    const pin = `${folder.mount("bpf")}/${bed.network.id}`;
    loaded.pin("sockets", pin);
    bed.network.teardown.defer(() => rmSync(pin, { force: true }));
    bed.attach("xdp-native", "eth0", loaded.programFd);
    return ["xdp", "eth0", pin, job];
  },
);

/** In the order in which a packet comes by them. */
export const places: readonly Place[] = [
  program("xdp-native", "XDP native", "xdp-native", "xdp"),
  program("xdp-generic", "XDP generic", "xdp-generic", "xdp"),
  program("tcx-ingress", "tcx ingress", "tcx-ingress", "tc"),
  program("tc-ingress", "TC ingress (clsact)", "tc-ingress", "tc"),
  nftablesIngress,
  routing,
  iptables,
  nftables,
  egress,
  xdpSocket,
  packetSocket,
  udpSocket,
];
