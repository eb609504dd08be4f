import { harnessError } from "../../model/error.js";
import { formatPlace, type Place, type Topology } from "../../model/topology.js";
import { SimHost, type Outgoing } from "./host.js";
import { Joints, withNeighbours } from "./joints.js";

/** What becomes of a frame at a program. */
export interface Disposition {
  /** The frame that goes on where it was going; undefined where it does not. */
  readonly onward: Uint8Array | undefined;
  /** Frames that leave interfaces of the program's host instead. */
  readonly out: readonly Outgoing[];
}

/** A program on an interface's way in or out. */
export interface ProgramAt {
  readonly at: Place;
  readonly direction: "ingress" | "egress";
  run(frame: Uint8Array): Disposition;
}

/** So many frames of one cause are followed: beyond, they go round in circles. */
const mostFrames = 10_000;

interface Moving {
  readonly at: Place;
  readonly frame: Uint8Array;
  /** On the way out of an interface, or in. */
  readonly direction: "ingress" | "egress";
}

/** Hosts, links and bridges of a topology: frames move one after the other, in the order in which they were sent. */
export class SimNetwork {
  readonly #joints: Joints;
  readonly #hosts: ReadonlyMap<string, SimHost>;
  readonly #programs: readonly ProgramAt[];

  constructor(topology: Topology, programs: readonly ProgramAt[]) {
    this.#joints = new Joints(topology);
    this.#programs = programs;
    this.#hosts = new Map(
      topology.hosts.map((host) => [
        host.name,
        new SimHost(withNeighbours(topology, host), (what) => {
          throw harnessError("unsupported", `host ${host.name} ${what}: not simulated`, { hint: "use backend wire" });
        }),
      ]),
    );
  }

  host(name: string): SimHost {
    const host = this.#hosts.get(name);
    if (!host) throw harnessError("topology", `the topology has no host ${name}`);
    return host;
  }

  /** Sends frames out of interfaces of a host, and lets happen whatever follows. */
  send(host: string, frames: readonly Outgoing[]): void {
    const queue = frames.map(({ dev, frame }): Moving => ({ at: { host, dev }, frame, direction: "egress" }));
    for (let moved = 0; ; moved++) {
      const next = queue.shift();
      if (!next) return;
      if (moved === mostFrames)
        throw harnessError("unsupported", `more than ${mostFrames} frames follow from one: they go round in circles`);
      queue.push(...this.#move(next));
    }
  }

  #move({ at, frame, direction }: Moving): Moving[] {
    const leaving = (outgoing: readonly Outgoing[]): Moving[] =>
      outgoing.map(({ dev, frame: out }) => ({ at: { host: at.host, dev }, frame: out, direction: "egress" }));
    let onward = frame;
    for (const program of this.#programs) {
      if (program.direction !== direction || formatPlace(program.at) !== formatPlace(at)) continue;
      const { onward: left, out } = program.run(onward);
      if (!left) return leaving(out);
      onward = left;
    }
    if (direction === "ingress") return leaving(this.host(at.host).receive(at.dev, onward));
    const reached = this.#joints.reached(at, onward);
    return reached.map((place) => ({ at: place, frame: onward, direction: "ingress" }));
  }
}
