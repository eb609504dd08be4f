import type { BackendName } from "./backend.js";
import type { DeviceHook, Hook } from "./hook.js";
import type { KernelFeature } from "./kernel-feature.js";
import type { ExpectableObserver } from "./observer.js";
import type { InvariantName } from "./invariant.js";
import type { FieldValue, Pattern } from "./packet.js";
import type { Span } from "./span.js";
import type { Topology } from "./topology.js";

/** A value with the place where it was written. */
export interface Located<T> {
  readonly value: T;
  readonly span: Span;
}

/**
 * YAML data with spans, kept as written where its meaning depends on the object's BTF (map keys and
 * values, globals, events): `plan` gives it a type.
 */
export type Written =
  | { readonly kind: "scalar"; readonly value: string | number | bigint | boolean | null; readonly span: Span }
  | { readonly kind: "list"; readonly items: readonly Written[]; readonly span: Span }
  | { readonly kind: "map"; readonly entries: readonly WrittenEntry[]; readonly span: Span };

export interface WrittenEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Written;
}

/** One layer to build: absent fields are automatic (lengths, checksums, next protocols) or sensible defaults. */
export interface LayerSpec {
  readonly protocol: string;
  readonly fields: Readonly<Record<string, Located<FieldValue>>>;
  readonly span: Span;
}

/** One layer to match: absent fields are "don't care" (or "unchanged", as the expectation says). */
export interface LayerPattern {
  readonly protocol: string;
  readonly fields: Readonly<Record<string, Located<Pattern>>>;
  readonly span: Span;
}

/** The parsed file. `cases` are already multiplied out by their matrices. */
export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly program: Located<string>;
  /** Function name, where the object has several programs of the hook's type. */
  readonly entry: Located<string> | undefined;
  readonly hook: Located<Hook>;
  readonly globals: readonly WrittenEntry[];
  readonly maps: readonly WrittenEntry[];
  /** Policy documents, and the pods that they are about. */
  readonly policies: PolicySetUp | undefined;
  /** Map name → file name below the run's own bpffs. */
  readonly pins: Readonly<Record<string, Located<string>>>;
  readonly load: LoadExpectation;
  /** Further programs of the same object, which share its maps. */
  readonly attach: readonly AttachSpec[];
  /** Further objects, or the same one again, each with maps of its own. */
  readonly objects: readonly ObjectSpec[];
  readonly topology: Topology;
  readonly services: readonly Service[];
  readonly observe: readonly Observing[];
  readonly backends: readonly BackendName[] | undefined;
  readonly cases: readonly Case[];
}

/** One more program and where it is attached. */
export interface AttachSpec {
  /** Function name, where the object has several programs of the hook's type. */
  readonly entry: Located<string> | undefined;
  readonly hook: Located<Hook>;
  /** `host:dev`; for hooks of a sockmap or sockhash its name, or undefined for the only one. */
  readonly at: Located<string> | undefined;
}

/** An object beside the one under test; in expectations and set-up its maps are called `name/map`. */
export interface ObjectSpec {
  readonly name: string;
  /** The scenario's own where it is not said. */
  readonly program: Located<string>;
  readonly globals: readonly WrittenEntry[];
  readonly maps: readonly WrittenEntry[];
  /** At least one. */
  readonly attach: readonly AttachSpec[];
  readonly span: Span;
}

/** Network policies as they are written for clusters; before planning, they become contents of maps. */
export interface PolicySetUp {
  readonly files: readonly Located<string>[];
  readonly namespaces: readonly { readonly name: string; readonly labels: LabelList }[];
  readonly pods: readonly PodSetUp[];
  /** Addresses of the node. */
  readonly host: readonly string[];
  readonly span: Span;
}

export interface PodSetUp {
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelList;
  readonly addresses: readonly string[];
  readonly span: Span;
}

export type LabelList = readonly (readonly [name: string, value: string])[];

export interface LoadExpectation {
  /** The verifier (or libbpf) has to refuse the object with a log that matches. */
  readonly fails: Located<RegExp> | undefined;
}

/** What a helper does, call by call; the last one repeats. */
export interface ScriptedHelper {
  readonly name: Located<string>;
  readonly calls: readonly ScriptedCall[];
}

/** `real`: the helper does its own work. `writes`: into what a parameter points to. */
export type ScriptedCall = "real" | { readonly returns: bigint; readonly writes: readonly WrittenEntry[] };

export interface Case {
  readonly name: string;
  readonly span: Span;
  readonly skip: string | undefined;
  readonly only: boolean;
  /** Backend → reason for which it is expected to fail there; passing then is a failure. */
  readonly xfail: Readonly<Partial<Record<BackendName, string>>>;
  readonly backends: readonly BackendName[] | undefined;
  /** How long the machine has been up when the case begins; undefined where it does not matter. */
  readonly uptimeMs: number | undefined;
  /** What the kernel has to have for the case to be run on `wire`. */
  readonly needs: readonly KernelFeature[];
  /** Added to, and winning over, the scenario's own. */
  /** Helpers that do what the case says instead of their work; only `sim` can. */
  readonly helpers: readonly ScriptedHelper[];
  readonly globals: readonly WrittenEntry[];
  readonly maps: readonly WrittenEntry[];
  readonly observe: readonly Observing[];
  readonly steps: readonly Step[];
}

export type Step =
  | SendStep
  | PropertyStep
  | MapsStep
  | UnloadStep
  | ClockStep
  | SwapStep
  | PingStep
  | HttpStep
  | RunStep
  | TcpStep
  | WaitStep
  | ExpectStep;

interface StepBase {
  /** As in messages: the step's own name, or `step 2`. */
  readonly label: string;
  readonly span: Span;
}

/** What `send:` says: packets by layers, by text (hex, base64, Scapy) or from a capture file. */
export type SendSource =
  | {
      readonly kind: "layers";
      readonly layers: readonly LayerSpec[];
      readonly truncateBytes: number | undefined;
      readonly span: Span;
    }
  | { readonly kind: "text"; readonly text: string; readonly span: Span }
  | {
      readonly kind: "capture";
      readonly path: Located<string>;
      /** 1-based, inclusive ranges, as Wireshark numbers frames; undefined = all. */
      readonly frames: readonly (readonly [number, number])[] | undefined;
      readonly filter: readonly LayerPattern[] | undefined;
      /** Fields to change in every picked packet; checksums and lengths follow unless given. */
      readonly set: readonly LayerSpec[];
      readonly span: Span;
    };

/** Every prefix of a packet; or the packet with each of its bits turned round. */
export type Sweep = "truncate" | "bits";

export interface SendStep extends StepBase {
  readonly kind: "send";
  readonly packets: readonly SendSource[];
  /** `host:dev` the frames are put on; undefined = the topology's `from`. */
  readonly from: Located<string> | undefined;
  /** Many packets instead of each one. */
  readonly sweep?: Sweep | undefined;
  /** Each packet so many times. */
  readonly times: number;
  /** So many threads at once, each pinned to a CPU of its own, sharing `times`. */
  readonly senders: number;
  /** Context fields before the program runs: `mark`, `cb`, `ingress_ifindex`, `data_meta`, … */
  readonly context: Readonly<Record<string, Located<FieldValue>>>;
  /** The program is replaced while the packets go. */
  readonly meanwhile: Swap | undefined;
  readonly expect: Expectation;
}

/** Packets that are drawn instead of written: what is expected has to hold for each of them. */
export interface PropertyStep extends StepBase {
  readonly kind: "property";
  /** How many times, each from the state that the steps before have left. */
  readonly runs: number;
  /** Undefined = packets of every kind. */
  readonly generate: readonly GeneratedLayer[] | undefined;
  /** How many packets one run sends. */
  readonly packets: readonly [min: number, max: number];
  /** Maps whose entries are set and deleted between the packets of a run. */
  readonly update: readonly Located<string>[];
  /** How much time passes between them, at most. */
  readonly clockNs: bigint;
  readonly expect: Expectation;
}

/** One layer of packets that are drawn. */
export interface GeneratedLayer {
  readonly protocol: string;
  /** Values, or patterns that say which may be drawn. */
  readonly fields: Readonly<Record<string, Located<Pattern>>>;
  /** What else of the header varies: nothing, what leaves it valid, or anything. */
  readonly vary: "named" | "valid" | "any";
  /** How long a payload may be. */
  readonly bytes: readonly [min: number, max: number] | undefined;
  readonly span: Span;
}

/** Map entries set or deleted between packets, as user space would. */
export interface MapsStep extends StepBase {
  readonly kind: "maps";
  readonly set: readonly WrittenEntry[];
  readonly delete: readonly WrittenEntry[];
  /** New addresses of pods; before planning, they become changes of maps. */
  readonly pods: readonly { readonly name: Located<string>; readonly addresses: readonly string[] }[];
  readonly expect: Expectation;
}

/** Detach and close program and maps; only what is pinned lives on. */
export interface UnloadStep extends StepBase {
  readonly kind: "unload";
  readonly expect: Expectation;
}

/** What takes the place of the program under test. */
export interface Swap {
  /** `previous`: what was there before the last swap. */
  readonly program: Located<string> | "previous";
  readonly entry: Located<string> | undefined;
  /** To and fro so many times: an even number ends where it began. */
  readonly times: number;
  readonly span: Span;
}

/** Replaces the program under test atomically; maps of the same name stay. */
export interface SwapStep extends StepBase {
  readonly kind: "swap";
  readonly swap: Swap;
  readonly expect: Expectation;
}

/** Time passes, where it can be made to: timers that are due fire. */
export interface ClockStep extends StepBase {
  readonly kind: "clock";
  readonly advanceMs: number;
  readonly expect: Expectation;
}

export interface ExpectStep extends StepBase {
  readonly kind: "expect";
  readonly expect: Expectation;
}

export interface PingStep extends StepBase {
  readonly kind: "ping";
  readonly from: Located<string>;
  readonly to: Located<string>;
  readonly count: number;
  readonly payloadBytes: number;
  readonly timeoutMs: number;
  /** How many replies have to come back. */
  readonly replies: Located<Pattern> | undefined;
  readonly expect: Expectation;
}

export interface HttpStep extends StepBase {
  readonly kind: "http";
  readonly from: Located<string>;
  readonly url: Located<string>;
  readonly times: number;
  readonly timeoutMs: number;
  readonly status: Located<Pattern> | undefined;
  /** Every response's body is one of those matched. */
  readonly body: Located<Pattern> | undefined;
  /** The set of different bodies seen over all `times` has to be exactly this. */
  readonly bodies: Located<readonly string[]> | undefined;
  /** The request has to fail (refused, timed out, …). */
  readonly fails: boolean;
  readonly expect: Expectation;
}

/** A command in a host's namespace: an argument list, never a shell string. */
export interface RunStep extends StepBase {
  readonly kind: "run";
  readonly host: Located<string>;
  readonly command: Located<readonly string[]>;
  readonly timeoutMs: number;
  readonly exit: Located<Pattern> | undefined;
  readonly stdout: Located<RegExp> | undefined;
  /** Name under which a later `wait` step knows it, if the next step is not to wait for its end. */
  readonly background: Located<string> | undefined;
  /** What its output has to say before the next step, where it runs in the background. */
  readonly ready: RegExp | undefined;
  readonly expect: Expectation;
}

/** The end of a command that runs in the background. */
export interface WaitStep extends StepBase {
  readonly kind: "wait";
  readonly command: Located<string>;
  readonly expect: Expectation;
}

/** A TCP connection by name: opened, used, closed. It stays open from step to step. */
export interface TcpStep extends StepBase {
  readonly kind: "tcp";
  readonly connection: string;
  /** `host` or `host:port`, and `address:port` or `host:port`. Undefined where it is open already. */
  readonly open: { readonly from: Located<string>; readonly to: Located<string> } | undefined;
  /** One item a call of send(2): by the end that opened it, then by the other one. */
  readonly send: readonly Uint8Array[];
  readonly reply: readonly Uint8Array[];
  /** By `from`, `to`, or `other.from`; ends of open connections that are not named receive nothing. */
  readonly receives: Located<readonly { readonly end: string; readonly bytes: Located<Uint8Array> }[]> | undefined;
  readonly close: "from" | "to" | "both" | undefined;
  /** The connection has to be refused. */
  readonly fails: boolean;
  readonly timeoutMs: number;
  readonly expect: Expectation;
}

export interface Service {
  readonly name: string;
  readonly host: Located<string>;
  readonly command: Located<readonly string[]>;
  /** Files written into the service's private working directory before it starts. */
  readonly files: Readonly<Record<string, string>>;
  /** The same, as paths of files relative to the scenario; a plan has their contents in `files`, and none here. */
  readonly copies?: Readonly<Record<string, Located<string>>>;
  readonly ready: { readonly tcpPort: number } | { readonly stdout: RegExp } | undefined;
  readonly timeoutMs: number;
  readonly span: Span;
}

/** One entry of `observe:`; `rules` comes with the Falco rule file that events are held against. */
export interface Observing {
  readonly observer: ExpectableObserver;
  readonly rules: Located<string> | undefined;
  readonly span: Span;
}

/** What has to be true after a step; absent = don't care, except that silence is always expected on the wire. */
export interface Expectation {
  readonly verdict: Located<readonly string[]> | undefined;
  readonly packet: PacketExpectation | undefined;
  readonly redirect: Located<{ readonly dev?: string; readonly map?: string; readonly key?: Written }> | undefined;
  readonly context: Readonly<Record<string, Located<Pattern>>>;
  readonly maps: readonly MapExpectation[];
  readonly events: EventsExpectation | undefined;
  /** One pattern a line of bpf_printk output, in order; lines beyond these are a failure. */
  readonly printk: Located<readonly Located<RegExp>[]> | undefined;
  /** Frames that other interfaces have to see, `host:dev` → patterns; anything else there is a failure. */
  readonly frames: readonly FramesExpectation[];
  /** Where the packet has to come by, in this order; undefined where nobody looks. */
  readonly path: readonly HopExpectation[] | undefined;
  /** What observers have to see while the step runs. */
  readonly observed: readonly ObservedExpectation[];
  /** Global variables, as C sees them: `plan` gives them their types. */
  readonly globals: readonly WrittenEntry[];
  /** What each packet may cost. */
  readonly cost: CostExpectation | undefined;
  /** What has to hold for every packet of a property step; absent = what holds for every correct program. */
  readonly invariant?: readonly Located<InvariantName>[] | undefined;
  /** Another program, with maps of its own, that has to do the same. */
  readonly sameAs?: Located<string> | undefined;
  /** More of the same for one backend only. */
  readonly on: Readonly<Partial<Record<BackendName, Expectation>>>;
}

/** A place on a packet's way: an interface that a frame comes to, or a program there that it meets. */
export interface HopExpectation {
  readonly at: Located<string>;
  /** Undefined: the frame itself, as it comes to the interface. */
  readonly hook: Located<DeviceHook> | undefined;
  readonly verdict: Located<readonly string[]> | undefined;
  /** Fields of the program's context afterwards. */
  readonly context: Readonly<Record<string, Located<Pattern>>>;
  /** As it comes to the interface, or leaves the program. */
  readonly packet: PacketExpectation | undefined;
  readonly span: Span;
}

export interface ObservedExpectation {
  readonly observer: Located<ExpectableObserver>;
  readonly events: readonly EventPattern[];
  /** `absent`: nothing but these may be seen. */
  readonly others: "any" | "absent";
}

export interface EventPattern {
  readonly fields: Readonly<Record<string, Located<Pattern>>>;
  /** No event may be like this. */
  readonly absent: boolean;
  readonly span: Span;
}

export interface PacketExpectation {
  /** In map form (`packet: {ipv4: …}`) the named layers change and the sequence stays; in list form the list is the whole sequence. */
  readonly form: "changes" | "sequence";
  readonly layers: readonly LayerPattern[];
  /** `rest`: whatever is not listed is as sent (checksums and lengths: as they have to be). `all`: byte-identical. */
  readonly unchanged: "rest" | "all" | "any";
  readonly span: Span;
}

/** Exact numbers of each single run of the program. */
export interface CostExpectation {
  /** Executed instructions. */
  readonly instructions: Located<Pattern> | undefined;
  /** Calls, by helper; of those that are not named, any number. */
  readonly helpers: readonly { readonly name: Located<string>; readonly calls: Located<Pattern> }[];
  /** Helper calls on a map, all together or of one kind. */
  readonly maps: readonly {
    readonly map: Located<string>;
    readonly operation: string | undefined;
    readonly calls: Located<Pattern>;
  }[];
  readonly span: Span;
}

export interface MapExpectation {
  readonly map: Located<string>;
  readonly written: Written;
}

export interface EventsExpectation {
  /** Map name; undefined where the object has one ring buffer or perf event array. */
  readonly map: Located<string> | undefined;
  /** Name of the C struct of an event, looked up in BTF; undefined = raw bytes as hex. */
  readonly type: Located<string> | undefined;
  readonly ordered: boolean;
  readonly events: readonly Written[];
  /** How many events there have to be; `events` are then the first of them. Undefined: as many as are listed. */
  readonly count: Located<Pattern> | undefined;
  /** Member of the struct that has to be larger in each event than in the one before. */
  readonly ascending: Located<string> | undefined;
  /** How many events the buffer had no room for; undefined: none. */
  readonly lost: Located<Pattern> | undefined;
  readonly timeoutMs: number;
  readonly span: Span;
}

export interface FramesExpectation {
  readonly place: Located<string>;
  readonly packets: readonly PacketExpectation[];
}
