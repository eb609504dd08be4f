import { Clock } from "./clock.js";
import type { Fib } from "./fib.js";
import { SocketNetwork } from "./sockets/network.js";

/** What a run depends on beside programs and packets. The same options give the same run. */
export interface WorldOptions {
  readonly seed: number;
  /** Of the simulated machine. */
  readonly cpus?: number;
  /** Indexes of the interfaces there are; the loopback device alone, if nothing is said. */
  readonly devices?: readonly number[];
  /** Routes of the host that the program runs on; without, it forwards nothing. */
  readonly fib?: Fib;
  /** Name of that host, whose sockets it finds. */
  readonly host?: string;
  /** The sockets of all hosts; none, if nothing is said. */
  readonly sockets?: SocketNetwork;
  /** Nanoseconds since the simulated machine was started. */
  readonly bootNs?: bigint;
}

/** A machine that has been up for a minute: programs that divide by the time or subtract from it work. */
const defaultBootNs = 60_000_000_000n;

const loopbackMtuBytes = 65536;

/** A host as programs on it see it. */
export interface Site {
  readonly host: string;
  readonly devices: ReadonlySet<number>;
  readonly fib: Fib | undefined;
}

/** Time, chance and the log of a simulated kernel, and the hosts that it has. Nothing in it moves by itself. */
export class World {
  readonly cpus: number;
  /** The host on which the next program runs. */
  site: Site;
  readonly sockets: SocketNetwork;
  /** The CPU that runs the next packet. */
  cpu = 0;
  /** What bpf_ktime_get_ns() and its relatives return, and timers go by. */
  readonly clock: Clock;
  #printed: string[] = [];
  #random: number;

  constructor(options: WorldOptions) {
    const { seed, cpus = 4, devices = [1], fib, host = "", bootNs = defaultBootNs } = options;
    this.cpus = cpus;
    this.site = { host, devices: new Set(devices), fib };
    this.sockets = options.sockets ?? new SocketNetwork(seed);
    this.clock = new Clock(bootNs);
    this.#random = seed >>> 0;
  }

  get devices(): ReadonlySet<number> {
    return this.site.devices;
  }

  get fib(): Fib | undefined {
    return this.site.fib;
  }

  get host(): string {
    return this.site.host;
  }

  /** MTU of an interface: as declared, or of a loopback device. */
  readonly mtuOf = (ifindex: number): number => this.fib?.devices.get(ifindex)?.mtuBytes ?? loopbackMtuBytes;

  /** The next 32-bit number of a generator with 32 bits of state (mulberry32). */
  random(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let mixed = this.#random;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** bpf_printk(): text that may hold several lines, or parts of one. */
  print(text: string): void {
    this.#printed.push(text);
  }

  /** What was printed since the last time. */
  takePrinted(): string[] {
    const printed = this.#printed;
    this.#printed = [];
    return printed;
  }
}
