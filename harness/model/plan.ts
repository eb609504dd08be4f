import type { BackendName } from "./backend.js";
import type { Hook, ProgramType } from "./hook.js";
import type { InvariantName } from "./invariant.js";
import type { BpfObject, DataType, GlobalSpec, MapSpec, ProgramSpec } from "./object.js";
import type { FieldValue, Packet, Pattern } from "./packet.js";
import type { KernelFeature } from "./kernel-feature.js";
import type { ExpectableObserver } from "./observer.js";
import type { RuleSet } from "./rules.js";
import type {
  CostExpectation,
  GeneratedLayer,
  HopExpectation,
  HttpStep,
  LoadExpectation,
  Located,
  ObservedExpectation,
  PacketExpectation,
  PingStep,
  RunStep,
  Service,
} from "./scenario.js";
import type { Span } from "./span.js";
import type { Place, Topology } from "./topology.js";

/** One case with nothing left to decide: bytes built, names resolved, seed fixed. What every backend receives. */
export interface Plan {
  readonly file: string;
  readonly scenario: string;
  readonly caseName: string;
  readonly span: Span;
  readonly seed: number;
  readonly object: BpfObject;
  readonly program: ProgramSpec;
  readonly programType: ProgramType;
  readonly hook: Hook;
  /** The sockmap or sockhash that the program is attached to, for hooks that belong to one. */
  readonly attachMap?: string | undefined;
  readonly load: LoadExpectation;
  /** Further programs of the object, in the order in which they are attached. */
  readonly attach: readonly PlannedAttachment[];
  /** Further objects. Wherever else in the plan a map of theirs is meant, it is called `name/map`. */
  readonly objects: readonly PlannedObject[];
  /** What swaps put in the place of `program`. */
  readonly replacements?: readonly Replacement[];
  readonly globals: readonly GlobalPatch[];
  readonly maps: readonly MapPatch[];
  /** Map name → file name below the run's own bpffs. */
  readonly pins: Readonly<Record<string, string>>;
  readonly topology: Topology;
  readonly services: readonly Service[];
  readonly observe: PlannedObserving;
  readonly steps: readonly PlannedStep[];
  /** Helpers that are scripted; only `sim` can. */
  readonly helpers?: readonly PlannedHelper[];
  /** How long the machine has been up at the start; undefined where the backend may choose. */
  readonly uptimeMs?: number | undefined;
  /** What the kernel has to have; only `wire` meets it. */
  readonly needs?: readonly KernelFeature[];
  readonly backends: readonly BackendName[] | undefined;
  readonly xfail: Readonly<Partial<Record<BackendName, string>>>;
  readonly skip: string | undefined;
}

/** A program of an object and where it is attached. */
export interface PlannedAttachment {
  readonly program: ProgramSpec;
  readonly programType: ProgramType;
  readonly hook: Hook;
  readonly at: Place;
  /** The sockmap or sockhash, for hooks that belong to one. */
  readonly map?: string | undefined;
}

/** One more object, loaded with maps of its own. */
export interface PlannedObject {
  readonly name: string;
  readonly object: BpfObject;
  /** At least one; the first one's host is where interfaces in maps are looked up. */
  readonly attach: readonly [PlannedAttachment, ...PlannedAttachment[]];
  readonly globals: readonly GlobalPatch[];
}

export interface PlannedObserving {
  readonly observers: readonly ExpectableObserver[];
  /** Rule files, read and compiled. */
  readonly rules: readonly RuleSet[];
}

/** A program that takes the place of the one under test, and its maps where they have the same names. */
export interface Replacement {
  readonly object: BpfObject;
  readonly program: ProgramSpec;
}

/** Programs by number: 0 is the one under test, n the nth replacement. */
export interface PlannedSwap {
  readonly from: number;
  readonly to: number;
  readonly times: number;
}

/** What a helper does instead of its work, call by call; the last one repeats. */
export interface PlannedHelper {
  readonly name: string;
  readonly calls: readonly ("real" | { readonly returns: bigint; readonly writes: readonly PlannedWrite[] })[];
}

/** Bytes that a helper leaves where an argument points to: those bits that `mask` has. */
export interface PlannedWrite {
  /** 1 to 5. */
  readonly argument: number;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

export interface GlobalPatch {
  readonly name: string;
  readonly section: string;
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export interface MapPatch {
  readonly map: MapSpec;
  readonly op: "set" | "delete";
  readonly key: Uint8Array;
  /** Undefined for `delete`. */
  readonly value: MapValue | undefined;
  readonly span: Span;
}

export type MapValue =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** One value per CPU, from CPU 0; CPUs beyond the list get zeroes. */
  | { readonly kind: "perCpu"; readonly values: readonly Uint8Array[] }
  /** Slot of a program array. */
  | { readonly kind: "program"; readonly name: string }
  /** Entry of an array or hash of maps: a new map made from the template, with these entries. */
  | { readonly kind: "inner"; readonly entries: readonly MapPatch[] }
  /** Slot of a devmap: an interface of the host that the program is attached to, with an optional egress program. */
  | { readonly kind: "device"; readonly dev: string; readonly program: string | undefined }
  /** Slot of a sockmap or entry of a sockhash: an end of a connection that a step has opened. */
  | { readonly kind: "socket"; readonly end: TcpEnd }
  /** Slot of an xskmap: the AF_XDP socket on a queue of the interface that the program is attached to. */
  | { readonly kind: "xsk"; readonly queue: number }
  /** Slot of a cpumap: queue size, with an optional program. */
  | { readonly kind: "cpu"; readonly queueSize: number; readonly program: string | undefined };

export type PlannedStep =
  | PlannedSend
  | PlannedProperty
  | PlannedMaps
  | PlannedUnload
  | PlannedClock
  | PlannedSwapStep
  | PlannedPing
  | PlannedHttp
  | PlannedRun
  | PlannedWait
  | PlannedTcp
  | PlannedExpect;

interface PlannedBase {
  readonly index: number;
  readonly label: string;
  readonly span: Span;
  readonly expect: PlannedExpectation;
}

export interface PlannedSend extends PlannedBase {
  readonly kind: "send";
  readonly packets: readonly Packet[];
  readonly from: Place;
  readonly times: number;
  readonly senders: number;
  readonly context: Readonly<Record<string, FieldValue>>;
  readonly meanwhile?: PlannedSwap | undefined;
  /**
   * Nobody judges this step (`packetproof replay`): every packet's result is wanted as it is, the bytes of dropped
   * packets too, and a packet that the backend does not take is a `refused` observation and not the end.
   */
  readonly unjudged?: true;
}

/** Packets that are drawn when the case runs (harness/fuzz); always the last step of its case. */
export interface PlannedProperty extends PlannedBase {
  readonly kind: "property";
  readonly runs: number;
  readonly generate: readonly GeneratedLayer[] | undefined;
  readonly packets: readonly [min: number, max: number];
  readonly update: readonly MapSpec[];
  readonly clockNs: bigint;
  readonly invariants: readonly InvariantName[] | undefined;
  readonly twin: Twin | undefined;
}

/** Another program that has to do the same. */
export interface Twin {
  readonly object: BpfObject;
  readonly program: ProgramSpec;
  readonly programType: ProgramType;
}

export interface PlannedMaps extends PlannedBase {
  readonly kind: "maps";
  readonly patches: readonly MapPatch[];
}

export interface PlannedUnload extends PlannedBase {
  readonly kind: "unload";
}

export interface PlannedSwapStep extends PlannedBase {
  readonly kind: "swap";
  readonly swap: PlannedSwap;
}

export interface PlannedClock extends PlannedBase {
  readonly kind: "clock";
  readonly advanceMs: number;
}

export interface PlannedExpect extends PlannedBase {
  readonly kind: "expect";
}

export type PlannedPing = Omit<PingStep, "expect"> & PlannedBase;
export type PlannedHttp = Omit<HttpStep, "expect"> & PlannedBase;
export type PlannedRun = Omit<RunStep, "expect"> & PlannedBase;

export interface PlannedWait extends PlannedBase {
  readonly kind: "wait";
  /** What the command was started with, and has to come to. */
  readonly started: PlannedRun;
}

/** One end of a connection: the one that opened it, or the one that accepted it. */
export interface TcpEnd {
  readonly connection: string;
  readonly side: "from" | "to";
}

export interface TcpPlace {
  readonly host: string;
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

export interface PlannedTcp extends PlannedBase {
  readonly kind: "tcp";
  readonly connection: string;
  readonly open: { readonly from: TcpPlace; readonly to: TcpPlace } | undefined;
  readonly send: readonly Uint8Array[];
  readonly reply: readonly Uint8Array[];
  readonly receives: Located<readonly { readonly end: TcpEnd; readonly bytes: Located<Uint8Array> }[]> | undefined;
  readonly close: readonly TcpEnd["side"][];
  readonly fails: boolean;
  readonly timeoutMs: number;
}

export interface PlannedExpectation {
  readonly verdict: Located<readonly string[]> | undefined;
  readonly packet: PacketExpectation | undefined;
  readonly redirect: Located<RedirectTarget> | undefined;
  readonly context: Readonly<Record<string, Located<Pattern>>>;
  readonly maps: readonly PlannedMapExpectation[];
  readonly events: PlannedEvents | undefined;
  readonly printk: Located<readonly Located<RegExp>[]> | undefined;
  readonly frames: readonly { readonly place: Located<Place>; readonly packets: readonly PacketExpectation[] }[];
  readonly path: readonly PlannedHop[] | undefined;
  readonly observed: readonly ObservedExpectation[];
  readonly globals: readonly PlannedGlobal[];
  readonly cost: CostExpectation | undefined;
  readonly on: Readonly<Partial<Record<BackendName, PlannedExpectation>>>;
}

export type PlannedHop = Omit<HopExpectation, "at"> & { readonly at: Located<Place> };

/** What a global variable has to hold. */
export interface PlannedGlobal {
  readonly global: GlobalSpec;
  readonly value: DataPattern;
}

export type RedirectTarget = { readonly dev: string } | { readonly map: string; readonly key: Uint8Array };

/** A pattern over a typed value: leaves are compared where they are written, the rest is "don't care". */
export type DataPattern =
  | { readonly kind: "leaf"; readonly pattern: Pattern; readonly span: Span }
  /** Struct members or array elements by name or index. */
  | {
      readonly kind: "members";
      readonly members: readonly { readonly name: string; readonly pattern: DataPattern }[];
      readonly span: Span;
    };

export interface PlannedMapExpectation {
  readonly map: MapSpec;
  readonly span: Span;
  readonly entries: readonly PlannedEntry[];
  /** `exactly`: no other key may be there (arrays: every other slot is as before the case). `unchanged`: nothing at all may have changed since the step before. */
  readonly others: "any" | "absent" | "unchanged";
  readonly count: Located<Pattern> | undefined;
}

export interface PlannedEntry {
  readonly key: Uint8Array;
  /** Undefined: the key must be absent. */
  readonly value: DataPattern | undefined;
  /** For per-CPU maps: `sum` adds integer leaves over CPUs before comparing; a number picks one CPU. */
  readonly cpu: "sum" | number | undefined;
  readonly span: Span;
}

export interface PlannedEvents {
  readonly map: string;
  readonly type: DataType | undefined;
  readonly ordered: boolean;
  readonly events: readonly DataPattern[];
  readonly count: Located<Pattern> | undefined;
  readonly ascending: Located<string> | undefined;
  readonly lost: Located<Pattern> | undefined;
  readonly timeoutMs: number;
  readonly span: Span;
}
