import { Devices } from "../../../netns/device.js";
import { createNetwork, type Network } from "../../../netns/network.js";
import { onCpu } from "../../kernel/cpus.js";
import { harnessError } from "../../model/error.js";
import type { Place, Topology } from "../../model/topology.js";
import { createLink } from "../../wire/attach/bpf-link.js";
import type { DeviceHook } from "../../model/hook.js";
import { attach } from "../../wire/attach/attach.js";
import { runCommand } from "../../wire/process/command.js";
import { addresses, macs } from "./marked-frame.js";
import type { Stopwatch } from "./stopwatch.js";

const commandTimeoutMs = 60_000;
const XDP_FLAGS_DRV_MODE = 1 << 2;

type Dev = "eth0" | "eth1";

/**
 * Two hosts on two cables. The client sends by eth0 and takes the time of what comes back by either; the device under
 * test (`dut`) is a router that knows the way to the frames' destination. Every contender has one of its own, all
 * alike, so that taking turns needs no attaching and detaching.
 */
export class Bed implements AsyncDisposable {
  readonly network: Network;
  readonly #stopwatch: Stopwatch;

  private constructor(network: Network, stopwatch: Stopwatch) {
    this.network = network;
    this.#stopwatch = stopwatch;
  }

  /** `wayOut`: the interface by which the device under test routes to the destination. */
  static async make(id: string, stopwatch: Stopwatch, wayOut: Dev): Promise<Bed> {
    const network = await createNetwork(topology(wayOut), id);
    try {
      for (const dev of ["eth0", "eth1"] as const) {
        const place = { host: "client", dev };
        const link = network.inside("client", () =>
          createLink({
            programFd: stopwatch.receiverFd,
            target: network.ifindex(place),
            type: "BPF_XDP",
            flags: XDP_FLAGS_DRV_MODE,
            where: `client:${dev}`,
          }),
        );
        network.teardown.defer(() => link.detach());
      }
      const devices = new Devices(network.namespace("dut"));
      // What has no XDP program takes frames without an skb only with GRO on, as real cards have it.
      for (const dev of ["eth0", "eth1"]) devices.groOn(dev);
      devices.close();
    } catch (failure) {
      await network[Symbol.asyncDispose]();
      throw failure;
    }
    return new Bed(network, stopwatch);
  }

  /** Attaches a program to the device under test, until the bed goes. */
  attach(hook: DeviceHook, dev: Dev, programFd: number): void {
    const ownPeers = new Set(["client:eth0", "client:eth1"]);
    const attachment = attach(this.network, { hook, at: { host: "dut", dev }, programFd, order: 0 }, ownPeers);
    this.network.teardown.defer(() => attachment.detach());
  }

  /** On the device under test; throws what the command says where it fails. */
  async command(argv: readonly string[], input?: string): Promise<void> {
    const options = input === undefined ? {} : { input };
    const { exitCode, stderr } = await runCommand(this.network, "dut", argv, commandTimeoutMs, options);
    if (exitCode !== 0) throw harnessError("tool", `${argv.join(" ")}: ${stderr.trim() || `status ${exitCode}`}`);
  }

  ifindex(dev: Dev): number {
    return this.network.ifindex({ host: "dut", dev });
  }

  pingPong(frames: number, mostMs?: number): readonly number[] {
    return this.#sending(() => this.#stopwatch.pingPong(frames, mostMs));
  }

  /** Nanoseconds a frame, and how many frames came back. */
  flood(frames: number): { readonly ns: number; readonly returned: number } {
    const before = this.#stopwatch.returned();
    const ns = this.#sending(() => this.#stopwatch.flood(frames));
    return { ns, returned: this.#stopwatch.returned() - before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
  }

  /** From the first CPU: software interrupts handle the frames there, and processes of ours stay on the last one. */
  #sending<T>(work: () => T): T {
    return this.network.inside("client", () =>
      onCpu(0, () => {
        this.#stopwatch.sendBy(this.network.ifindex({ host: "client", dev: "eth0" }));
        return work();
      }),
    );
  }
}

function topology(wayOut: Dev): Topology {
  const subnet = { eth0: "10.0.0", eth1: "10.0.1" } as const;
  const interfaces = (host: "client" | "dut", last: number) =>
    (["eth0", "eth1"] as const).map((dev) => ({
      dev,
      mac: macs[host][dev],
      addresses: [`${subnet[dev]}.${last}/24`],
      mtuBytes: 1500,
    }));
  const cable = (dev: Dev): { ends: readonly [Place, Place] } => ({
    ends: [
      { host: "client", dev },
      { host: "dut", dev },
    ],
  });
  const router: Record<string, string> = { "net.ipv4.ip_forward": "1" };
  for (const dev of ["all", "eth0", "eth1"]) {
    router[`net.ipv4.conf.${dev}.rp_filter`] = "0";
    // A frame may leave by the interface that it came by, and nobody is to be told of a shorter way.
    router[`net.ipv4.conf.${dev}.send_redirects`] = "0";
  }
  return {
    hosts: [
      { name: "client", interfaces: interfaces("client", 1), routes: [], neighbours: [], sysctls: {} },
      {
        name: "dut",
        interfaces: interfaces("dut", 2),
        routes: [{ to: `${addresses.destination}/32`, via: `${subnet[wayOut]}.1`, dev: wayOut }],
        // Nobody has the address that frames say they come from, and answers go there.
        neighbours: [{ address: addresses.source, mac: macs.client.eth0, dev: "eth0" }],
        sysctls: router,
      },
    ],
    links: [cable("eth0"), cable("eth1")],
    bridges: [],
    attach: { host: "dut", dev: "eth0" },
    from: { host: "client", dev: "eth0" },
  };
}
