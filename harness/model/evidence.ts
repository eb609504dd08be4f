import type { Hook, ProgramType } from "./hook.js";
import type { LinkType } from "./packet.js";
import type { Span } from "./span.js";
import type { Topology } from "./topology.js";
import type { VerifierStatistics } from "./observation.js";

/**
 * What a report shows of a case beyond its result. All of it is JSON: bytes are base64, values are text as messages
 * print them, times are numbers. Said once for all backends: this; what each backend saw: `CaseEvidence`.
 */
export interface CaseDescription {
  readonly file: string;
  readonly scenario: string;
  readonly case: string;
  readonly span: Span;
  readonly hook: Hook;
  readonly programType: ProgramType;
  /** The object's name, and the function in it. */
  readonly object: string;
  readonly entry: string;
  /** Further programs, of this object or of others. */
  readonly others: readonly AttachedProgram[];
  /** C files that the object's instructions came from, as line information names them. */
  readonly sources: readonly string[];
  readonly topology: Topology;
  readonly steps: readonly StepDescription[];
}

export interface AttachedProgram {
  /** The function. */
  readonly entry: string;
  readonly hook: Hook;
  /** `dut:eth0`. */
  readonly at: string;
}

export interface StepDescription {
  readonly label: string;
  readonly kind: string;
  readonly span: Span;
  /** What is done, in lines: the command, the map entries. Packets are below. */
  readonly text: readonly string[];
  /** Of `send` steps: the first so many packets. */
  readonly packets: readonly SentPacket[];
  /** Packets beyond those. */
  readonly omittedPackets: number;
  /** `client:eth0`; undefined for steps that send no packets. */
  readonly from: string | undefined;
  readonly times: number;
}

export interface SentPacket {
  /** Index among the step's packets. */
  readonly index: number;
  readonly linkType: LinkType;
  /** Base64. */
  readonly bytes: string;
}

/** What one backend saw of a case. */
export interface CaseEvidence {
  readonly load: LoadEvidence | undefined;
  /** Only steps of which something was seen; step -1 is before the first. */
  readonly steps: readonly StepEvidence[];
}

export interface LoadEvidence {
  readonly accepted: boolean;
  /** The last lines of the verifier's and libbpf's log, where the object was refused. */
  readonly log: string;
  readonly programs: readonly VerifierStatistics[];
}

export interface StepEvidence {
  readonly step: number;
  readonly packets: readonly PacketEvidence[];
  /** Frames that no sent packet accounts for. */
  readonly strays: readonly FrameEvidence[];
  readonly maps: readonly MapChange[];
  /** Changed entries beyond those. */
  readonly omittedChanges: number;
  readonly events: readonly EventEvidence[];
  readonly omittedEvents: number;
  readonly printk: readonly string[];
  readonly observed: readonly ObservedEvidence[];
  readonly omittedObserved: number;
  /** What commands and clients came to, in words. */
  readonly clients: readonly ClientEvidence[];
  readonly faults: readonly string[];
  /** What packets met in the hosts when the case was run once more, because it had failed. */
  readonly path?: PathEvidence | undefined;
}

/** The way of a step's packets through the hosts of a network, as the kernel's tracepoints tell it. */
export interface PathEvidence {
  readonly events: readonly PathEvent[];
  /** Events beyond those. */
  readonly omitted: number;
  /** Error and drop counters of interfaces that are not zero: `dut:eth0 rx_dropped 3`. */
  readonly counters: readonly string[];
}

export interface PathEvent {
  /** Since the first of them. */
  readonly afterNs: number;
  /** `dut:eth0`; the host alone where the interface is not known. */
  readonly place: string;
  readonly kind: "sent" | "received" | "read" | "refused" | "dropped";
  /** `received by the stack (netif_receive_skb), 42 bytes`; of a drop its reason. */
  readonly text: string;
  /** Of a drop: who dropped it, and who called that, with source lines where they are known. */
  readonly stack: readonly string[];
}

/** What became of one sent packet. */
export interface PacketEvidence {
  /** Index among the step's packets. */
  readonly index: number;
  /** Its bytes as base64, where it is beyond those that the description has. */
  readonly sent: string | undefined;
  /** Each different end once, with the number of repetitions that came to it. */
  readonly verdicts: readonly VerdictEvidence[];
  readonly redirect: string | undefined;
  /** Context fields behind the program, where the scenario speaks of them. */
  readonly context: Readonly<Record<string, string>>;
  readonly frames: readonly FrameEvidence[];
  /** Of its runs, where they are counted; runs that cost the same once. */
  readonly costs: readonly CostEvidence[];
}

export interface CostEvidence {
  readonly instructions: number;
  /** Calls by name. */
  readonly helpers: Readonly<Record<string, number>>;
}

export interface VerdictEvidence {
  /** `XDP_PASS`; several where the backend cannot tell them apart: `XDP_DROP or XDP_ABORTED`. */
  readonly verdict: string;
  /** How it was found out. */
  readonly evidence: string;
  readonly times: number;
  /** Of the first repetition. */
  readonly durationNs: number | undefined;
}

/** Bytes somewhere behind the program. */
export interface FrameEvidence {
  /** `output` of a test run, else `server:eth0`. */
  readonly place: string;
  /** `stack`: received by the network stack there; `socket`: by an AF_XDP socket. */
  readonly direction: "output" | "received" | "stack" | "socket";
  /** Base64; undefined where they are those of the sent packet. */
  readonly bytes: string | undefined;
  /** How often the same bytes were seen here. */
  readonly times: number;
  /** By the kernel's clock, since the first packet of the case that has a time. */
  readonly afterNs: number | undefined;
}

/** One key whose value a step changed. Absent: undefined. */
export interface MapChange {
  readonly map: string;
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface EventEvidence {
  readonly map: string;
  /** By the C type that the scenario names; hex digits where it names none. */
  readonly text: string;
  readonly cpu: number | undefined;
  readonly lost: number;
}

/** What an observer saw. */
export interface ObservedEvidence {
  readonly observer: string;
  /** `comm` → `curl`; those that are empty are left out. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface ClientEvidence {
  /** `2 of 3 replies`, `exit status 0`, `3 × status 200`. */
  readonly result: string;
  /** The last lines of its output. */
  readonly output: string;
}
