import type { FunctionCoverage } from "./coverage.js";
import type { PathEvidence } from "./evidence.js";
import type { Observation } from "./observation.js";
import type { Mismatch } from "./outcome.js";
import type { Plan } from "./plan.js";

export const backendNames = ["sim", "kernel", "wire"] as const;
export type BackendName = (typeof backendNames)[number];

/** What a backend can do on this machine now. A probe has three answers: yes, no, could not tell. */
export interface Capabilities {
  readonly backend: BackendName;
  /** Undefined where the backend runs here; else the requirement that is missing and what would mend it. */
  readonly unavailable: string | undefined;
}

/** Runs plans; the only stage with side effects. */
export interface Backend {
  readonly name: BackendName;
  /** Cheap, and without lasting effect. */
  probe(): Promise<Capabilities>;
  /** Takes what all plans share (libraries, mounts); everything taken is given back by `Session.close`. */
  open(options: SessionOptions): Promise<Session>;
}

export interface SessionOptions {
  /** Unique for the run on this machine; part of every name the run makes. */
  readonly runId: string;
  /** How `wire` sends and captures. */
  readonly port: "af_packet" | "cap";
  readonly signal?: AbortSignal;
  /** Count what programs execute, see `Session.takeCoverage`; a backend that cannot takes no notice. */
  readonly coverage?: boolean;
  /**
   * A kernel's BTF, as in /sys/kernel/btf/vmlinux: the simulator resolves CO-RE relocations against these types instead
   * of the object's own. A kernel has its own and takes no notice.
   */
  readonly kernelBtf?: Uint8Array | undefined;
  /**
   * Let programs read of the stack what they have not written, and give them zeroes, as a kernel may: to root it lets
   * such programs pass since Linux 6.3. The simulator, which else calls that a fault, is the only one to look at this.
   */
  readonly clearsStack?: boolean;
}

/** What a plan's second run showed. */
export interface SecondRun {
  readonly observations: readonly Observation[];
  /** By index of the step. */
  readonly paths: ReadonlyMap<number, PathEvidence>;
}

export interface Session {
  /** What of this plan cannot be done or seen here, by name; empty = everything can. */
  missing(plan: Plan): readonly string[];
  /** Facts in the order of the steps. Throws HarnessError where it could not find out. */
  run(plan: Plan): Promise<readonly Observation[]>;
  /** What the programs of the plans that were run since the last time have executed, where that is counted. */
  takeCoverage?(): readonly FunctionCoverage[];
  /** The same mismatches of a plan that was run, with more details; only where every instruction can be looked at. */
  explain?(plan: Plan, mismatches: readonly Mismatch[]): readonly Mismatch[];
  /**
   * Runs a plan that has failed once more with everything watching that can tell why; undefined where nothing can.
   * Passing cases pay nothing for it, and a failure that does not come again is known as such.
   */
  runAgain?(plan: Plan): Promise<SecondRun | undefined>;
  close(): Promise<void>;
}
