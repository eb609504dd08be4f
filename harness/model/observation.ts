import type { DeviceHook } from "./hook.js";
import type { ExpectableObserver, ObservedEvent } from "./observer.js";
import type { FieldValue } from "./packet.js";
import type { TcpEnd } from "./plan.js";
import type { Place } from "./topology.js";

/** A fact that a backend saw. No opinions: `judge` compares facts with the plan. */
export type Observation =
  | LoadObservation
  | VerdictObservation
  | PacketObservation
  | HopObservation
  | ContextObservation
  | RedirectObservation
  | MapObservation
  | GlobalsObservation
  | CostObservation
  | EventObservation
  | PrintkObservation
  | ObservedObservation
  | PingObservation
  | HttpObservation
  | RunObservation
  | TcpObservation
  | FaultObservation
  | RefusalObservation;

interface AtStep {
  /** Index of the planned step. */
  readonly step: number;
}

/** What the kernel's loader said; observed once, before the first step. */
export interface LoadObservation {
  readonly kind: "load";
  readonly accepted: boolean;
  /** The verifier's and libbpf's whole log; empty where the object was accepted. */
  readonly log: string;
  /** Positive errno; 0 where the object was accepted. */
  readonly errno: number;
  /** What verifying cost, for each program that was loaded; undefined where no verifier ran. */
  readonly statistics?: readonly VerifierStatistics[];
}

/** What the kernel's verifier and JIT compiler say of a program that they accepted. */
export interface VerifierStatistics {
  readonly program: string;
  /** Instructions that the verifier followed, over all paths. */
  readonly instructions: number | undefined;
  /** States that it kept, in all and at most at the same time. */
  readonly states: number | undefined;
  readonly peakStates: number | undefined;
  /** Of the main program, then of each subprogram. */
  readonly stackBytes: readonly number[];
  /** Machine code. */
  readonly jitedBytes: number;
}

export interface VerdictObservation extends AtStep {
  readonly kind: "verdict";
  /** Index among the step's packets (with `times`: of the packet, not of the repetition). */
  readonly packet: number;
  /**
   * One name where the backend knows it. On the wire several return values leave the same evidence
   * (`XDP_DROP` and `XDP_ABORTED`): then all of these.
   */
  readonly possible: readonly string[];
  /** How it was found out: `retval 2`, `seen at dut:stack`, `vanished behind the fence`. */
  readonly evidence: string;
  /** The raw return value, signed 32-bit, where it is known. */
  readonly returned: number | undefined;
  readonly durationNs: number | undefined;
}

/** A packet's bytes somewhere after the program: its output, or a frame captured on an interface. */
export interface PacketObservation extends AtStep {
  readonly kind: "packet";
  /** Index of the sent packet it comes from; undefined for a frame that nothing accounts for. */
  readonly packet: number | undefined;
  /** `output` of a test run; else where it was captured, and whether the stack or an AF_XDP socket there received it. */
  readonly place: "output" | { readonly at: Place; readonly direction: "received" | "stack" | "socket" };
  readonly bytes: Uint8Array;
  /** Nanoseconds since the epoch by the kernel's clock. */
  readonly timestampNs: bigint | undefined;
}

/** A program that a packet met on its way, and what it decided; only of steps that expect a path. */
export interface HopObservation extends AtStep {
  readonly kind: "hop";
  readonly at: Place;
  readonly hook: DeviceHook;
  /** The C function. */
  readonly program: string;
  readonly verdict: string;
  /** Of the context, afterwards. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** As the packet left the program. */
  readonly bytes: Uint8Array;
  /** By the clock that packets have, too. */
  readonly timestampNs: bigint | undefined;
}

export interface ContextObservation extends AtStep {
  readonly kind: "context";
  readonly packet: number;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export interface RedirectObservation extends AtStep {
  readonly kind: "redirect";
  readonly packet: number;
  /** Name of the interface, in the host that the program is attached to; `queue 0`: the AF_XDP socket there. */
  readonly target: string;
}

/** A whole map's contents after a step. */
export interface MapObservation extends AtStep {
  readonly kind: "map";
  readonly map: string;
  readonly entries: readonly {
    readonly key: Uint8Array;
    /** One value, or one per CPU. */ readonly values: readonly Uint8Array[];
  }[];
}

/** Global variables that the plan speaks of, after a step. */
export interface GlobalsObservation extends AtStep {
  readonly kind: "globals";
  readonly values: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** What a packet's run cost, in exact numbers; repetitions that cost the same are one fact. */
export interface CostObservation extends AtStep {
  readonly kind: "cost";
  readonly packet: number;
  readonly instructions: number;
  /** Calls by name. */
  readonly helpers: Readonly<Record<string, number>>;
  /** Helper calls that got a map, by its name and by what they do to it: `lookup`, `update`, …. */
  readonly maps: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface EventObservation extends AtStep {
  readonly kind: "event";
  readonly map: string;
  readonly bytes: Uint8Array;
  readonly cpu: number | undefined;
  /** Events the buffer lost before this one. */
  readonly lost: number;
}

export interface PrintkObservation extends AtStep {
  readonly kind: "printk";
  /** One line, without the trace prefix. */
  readonly text: string;
}

/** One event of an observer. */
export interface ObservedObservation extends AtStep {
  readonly kind: "observed";
  readonly observer: ExpectableObserver;
  readonly event: ObservedEvent;
}

export interface PingObservation extends AtStep {
  readonly kind: "ping";
  readonly sent: number;
  readonly received: number;
  readonly output: string;
}

export interface HttpObservation extends AtStep {
  readonly kind: "http";
  /** One for each request, in order. */
  readonly responses: readonly { readonly status: number; readonly body: string; readonly error: string | undefined }[];
}

export interface RunObservation extends AtStep {
  readonly kind: "run";
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a connection came to in a step. */
export interface TcpObservation extends AtStep {
  readonly kind: "tcp";
  /** Why it could not be opened, or is no longer there. */
  readonly error: string | undefined;
  /** By all ends of open connections, in this step alone. */
  readonly received: readonly { readonly end: TcpEnd; readonly bytes: Uint8Array }[];
}

/** A packet that the backend did not take; the program never saw it. Only of `unjudged` steps. */
export interface RefusalObservation extends AtStep {
  readonly kind: "refused";
  readonly packet: number;
  readonly message: string;
}

/** The program did what a kernel would not let it do (simulator), or never ran at all (wire). */
export interface FaultObservation extends AtStep {
  readonly kind: "fault";
  readonly packet: number | undefined;
  readonly message: string;
}
