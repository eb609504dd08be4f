import { harnessError } from "../model/error.js";
import { formatPlace, type Place } from "../model/topology.js";
import type { Network } from "../../netns/network.js";
import { interfaceAt } from "../model/segments.js";
import { waitForAllCpus } from "./cpu.js";
import type { Lane } from "./lanes.js";
import { parseMacBytes } from "./mac.js";
import type { Markers } from "./marker.js";
import { PacketSocket } from "./port/packet-socket.js";
import type { CapturedFrame, FrameSource } from "./port/port.js";
import type { Ports } from "./ports.js";
import type { RunCount } from "./run-count.js";

/** How long frames may take to reach the program before it counts as not running. */
const runTimeoutMs = 1_000;
/** How long a marker may take, which is some microseconds on a machine with nothing else to do. */
const markerTimeoutMs = 5_000;
/** Stacks that answer each other without end are cut off after so many rounds. */
const mostRounds = 16;

/**
 * Knows, without sleeping, when everything that sent frames have caused has arrived: the program's own run count says
 * that it is through with them; then marker frames follow on every lane that its output may have taken, and once
 * more, until a round of markers finds nothing new. Markers never meet the program.
 */
export class Fence {
  readonly #network: Network;
  readonly #ports: Ports;
  readonly #markers: Markers;
  readonly #linksMayGoDown: boolean;
  readonly #bypasses = new Map<string, PacketSocket>();
  readonly #deadLanes = new Set<string>();
  #lanes: readonly Lane[] = [];
  #counts: readonly RunCount[] = [];
  #others: readonly RunCount[] = [];

  /** `linksMayGoDown`: commands of the scenario may set interfaces down; lanes that lose a marker are then done with. */
  constructor(network: Network, ports: Ports, markers: Markers, linksMayGoDown: boolean) {
    this.#network = network;
    this.#linksMayGoDown = linksMayGoDown;
    this.#ports = ports;
    this.#markers = markers;
  }

  /** Which programs count (swaps put several in one place), which others there are, and which lanes meet none. */
  watch(counts: readonly RunCount[], others: readonly RunCount[], lanes: readonly Lane[]): void {
    this.#counts = counts;
    this.#others = others;
    this.#lanes = lanes;
  }

  /** Runs so far; 0 where there is no program. */
  runs(): number {
    return this.#counts.reduce((sum, count) => sum + count.read(), 0);
  }

  /** Waits until the program has run up to `target` times in all; false where it did not within a second. */
  async reached(target: number): Promise<boolean> {
    if (this.#counts.length === 0) return true;
    const giveUpAt = performance.now() + runTimeoutMs;
    // It mostly has: a veth's frames are handled before sendmmsg(2) returns.
    for (let attempt = 0; this.runs() < target; attempt++) {
      if (performance.now() > giveUpAt) return false;
      if (attempt > 20) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return true;
  }

  /**
   * Collects frames until a round of markers finds nothing new. `inline` says that all frames were sent by this
   * thread, kept on one CPU (onOneCpu); otherwise other CPUs may be in the middle of something, which takes
   * 10 ms a round to exclude.
   */
  async settle(inline: boolean): Promise<readonly CapturedFrame[]> {
    const frames: CapturedFrame[] = [];
    for (let round = 0; round < mostRounds; round++) {
      const before = this.#allRuns();
      if (!inline) waitForAllCpus();
      const arrived = await this.#round();
      frames.push(...arrived);
      if (arrived.length === 0 && this.#allRuns() === before) break;
    }
    return frames;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#bypasses.values()].map((socket) => socket.close()));
  }

  #allRuns(): number {
    return this.#others.reduce((sum, count) => sum + count.read(), this.runs());
  }

  /** Sends a marker down every lane and collects what arrives until all have. */
  async #round(): Promise<readonly CapturedFrame[]> {
    const pending = new Map<number, Lane>();
    for (const lane of this.#lanes) {
      if (this.#deadLanes.has(nameOf(lane))) continue;
      const { frame, number } = this.#markers.make(this.#macOf(lane.to), this.#macOf(lane.from));
      if (await this.#send(lane, frame)) pending.set(number, lane);
    }
    const frames: CapturedFrame[] = [];
    const giveUpAt = performance.now() + markerTimeoutMs;
    for (;;) {
      for (const port of this.#ports.all) frames.push(...(await this.#take(port, pending)));
      const [next] = pending.values();
      if (!next) return frames;
      if (performance.now() > giveUpAt) {
        for (const lane of pending.values()) this.#giveUp(lane);
        return frames;
      }
      await this.#ports.at(next.to).wait(10);
    }
  }

  async #take(port: FrameSource, pending: Map<number, Lane>): Promise<readonly CapturedFrame[]> {
    const frames = await port.receive();
    return frames.filter(({ bytes }) => {
      const number = this.#markers.numberOf(bytes);
      if (number === undefined) return true;
      const lane = pending.get(number);
      // A bridge may flood it to others, too.
      if (lane && formatPlace(lane.to) === formatPlace(port.place)) pending.delete(number);
      return false;
    });
  }

  /** False where the interface is down. */
  async #send({ from, to, past }: Lane, frame: Uint8Array): Promise<boolean> {
    try {
      await (past ? this.#bypass(from) : this.#ports.at(from)).send([frame]);
      return true;
    } catch {
      this.#giveUp({ from, to });
      return false;
    }
  }

  #giveUp({ from, to }: Pick<Lane, "from" | "to">): void {
    if (!this.#linksMayGoDown)
      throw harnessError("timeout", `no marker frame from ${formatPlace(from)} reached ${formatPlace(to)}`, {
        hint: "without one, packetproof cannot tell whether everything has arrived; is an interface down?",
      });
    this.#deadLanes.add(nameOf({ from, to }));
  }

  /** A socket that sends past the queueing discipline, and so past an egress program. */
  #bypass(place: Place): PacketSocket {
    const name = formatPlace(place);
    const known = this.#bypasses.get(name);
    if (known) return known;
    const ifindex = this.#network.ifindex(place);
    const options = { ifindex, capture: undefined, bypassQdisc: true };
    const socket = this.#network.inside(place.host, () => new PacketSocket(options));
    this.#bypasses.set(name, socket);
    return socket;
  }

  #macOf(place: Place): Uint8Array {
    return parseMacBytes(interfaceAt(this.#network.topology, place)!.mac);
  }
}

function nameOf(lane: Pick<Lane, "from" | "to">): string {
  return `${formatPlace(lane.from)} ${formatPlace(lane.to)}`;
}
