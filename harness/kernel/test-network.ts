import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { harnessError } from "../model/error.js";
import type { FieldValue } from "../model/packet.js";
import { libc, orThrow } from "./libc.js";

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0o2000000;
const loopback = 1;
/** As in net/core/dev.c, every device starts with this many unless it asks for more. */
const queuesWithoutAsking = 1;
const firstPeer = 1_000_000;

/**
 * An empty network namespace without a name, in which test runs take place: routes, neighbours and sockets of the
 * machine do not decide what a helper answers, and an interface that a context names can be made. It is gone with
 * the descriptor, also when the process is killed.
 */
export class TestNetwork {
  private readonly home: number;
  private readonly namespace: number;
  /** Interfaces made so far: index → number of receive queues. */
  private readonly devices = new Map<number, number>([[loopback, queuesWithoutAsking]]);

  constructor() {
    this.home = openNamespace();
    orThrow(libc().unshare(CLONE_NEWNET), "cannot make a network namespace");
    try {
      this.namespace = openNamespace();
    } finally {
      this.enter(this.home);
    }
  }

  /** Runs `work` (which must not be asynchronous) with the calling thread in the namespace. */
  inside<T>(work: () => T): T {
    this.enter(this.namespace);
    try {
      return work();
    } finally {
      this.enter(this.home);
    }
  }

  /**
   * Makes what a context's `ifindex`, `ingress_ifindex` and `rx_queue_index` speak of, and gives the context with
   * the index of an interface wherever only a queue was named: the kernel takes no queue without one.
   */
  provide(context: Readonly<Record<string, FieldValue>>): Readonly<Record<string, FieldValue>> {
    const queue = numberOf(context["rx_queue_index"]);
    const ingress =
      numberOf(context["ingress_ifindex"]) ?? (queue === undefined ? undefined : queue === 0 ? loopback : 2);
    if (ingress) this.provideDevice(ingress, (queue ?? 0) + 1);
    const ifindex = numberOf(context["ifindex"]);
    if (ifindex) this.provideDevice(ifindex, queuesWithoutAsking);
    return ingress === undefined ? context : { ...context, ingress_ifindex: ingress };
  }

  close(): void {
    libc().close(this.namespace);
    libc().close(this.home);
  }

  private provideDevice(ifindex: number, queues: number): void {
    const has = this.devices.get(ifindex) ?? 0;
    if (has >= queues) return;
    if (ifindex === loopback)
      throw harnessError("unsupported", `interface 1 is the loopback device, which has no receive queue ${queues - 1}`);
    if (has > 0) this.ip("link", "delete", `pp${ifindex}`);
    // The peer must not take an index that another context may want.
    const peer = ["peer", "name", `pp${ifindex}p`, "index", `${ifindex + firstPeer}`];
    this.ip("link", "add", `pp${ifindex}`, "index", `${ifindex}`, "numrxqueues", `${queues}`, "type", "veth", ...peer);
    this.devices.set(ifindex, queues);
  }

  private ip(...arguments_: readonly string[]): void {
    try {
      this.inside(() => execFileSync("ip", arguments_, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" }));
    } catch (cause) {
      const { code, stderr } = cause as { code?: string; stderr?: string };
      const missing = code === "ENOENT";
      const said = stderr?.trim() ?? "";
      throw harnessError(
        missing ? "tool" : "topology",
        missing ? "ip is not installed" : `ip ${arguments_.join(" ")}: ${said}`,
        {
          hint: missing ? "apt install iproute2" : undefined,
          cause,
        },
      );
    }
  }

  private enter(namespace: number): void {
    orThrow(libc().setns(namespace, CLONE_NEWNET), "cannot change the network namespace");
  }
}

function openNamespace(): number {
  const path = `/proc/${readlinkSync("/proc/thread-self")}/ns/net`;
  return orThrow(libc().open(path, O_CLOEXEC, 0), `cannot open ${path}`);
}

function numberOf(value: FieldValue | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
