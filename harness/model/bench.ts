/** What `packetproof bench` measured: the JSON that it writes, and all that reports and gates read. */
export const benchSchemaVersion = 1;

export interface BenchResult {
  readonly schemaVersion: number;
  /** `xdp-vs-tc`, or the file's name without its ending. */
  readonly name: string;
  /** What the benchmark is about, as a sentence. */
  readonly title: string;
  readonly packetproof: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Of the bootstrap and of packets. */
  readonly seed: number;
  readonly host: BenchHost;
  readonly groups: readonly BenchGroup[];
  /** What a reader has to know to read the figures rightly. */
  readonly notes: readonly string[];
}

/** What figures depend on besides the program. Undefined where the machine does not say. */
export interface BenchHost {
  /** `uname -sr`: verifiers, JITs and stacks differ between point releases. */
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** net.core.bpf_jit_enable: `0` off, `1` on, `2` on with a log. */
  readonly bpfJit: string | undefined;
  /** net.core.bpf_jit_harden. */
  readonly bpfJitHarden: string | undefined;
  /** Of cpufreq; undefined in most virtual machines. */
  readonly governor: string | undefined;
  /** Vulnerability → mitigation, as in /sys/devices/system/cpu/vulnerabilities, without those the CPU does not have. */
  readonly mitigations: Readonly<Record<string, string>>;
  readonly clocksource: string | undefined;
  /** The hypervisor where /proc/cpuinfo has the flag `hypervisor`, as far as the machine names it. */
  readonly virtualised: string | undefined;
  readonly node: string;
}

/** Things that were measured in turns, in the same rounds, so that they may be compared with each other. */
export interface BenchGroup {
  /** Unique in the result: `drop/path`. */
  readonly id: string;
  readonly title: string;
  /** How it was measured: a sentence. */
  readonly method: string;
  readonly unit: BenchUnit;
  readonly better: "lower" | "higher";
  /** Of all contenders alike, after the warm-up. */
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Id of the contender that the others are compared with. */
  readonly baseline: string;
  /** The baseline measured a second time as if it were another contender: what the method itself makes up. */
  readonly nullControl: BenchEffect;
  /** In the order of the definition. */
  readonly contenders: readonly BenchContender[];
  /** Ids, best first: those in one tier were not told apart, each is proven to differ from the first of the next. */
  readonly tiers: readonly (readonly string[])[];
  readonly skipped: readonly { readonly contender: string; readonly reason: string }[];
  /** What others did on the machine meanwhile that changes the figures. */
  readonly disturbances?: readonly string[] | undefined;
  /** Of groups that draw curves: what `x` of the contenders counts. Both axes are best drawn logarithmically. */
  readonly axis?: { readonly title: string; readonly unit: string } | undefined;
  /** How each series grows with `x`. */
  readonly growth?: readonly BenchGrowth[] | undefined;
}

/** `ns`: for one packet, operation or round trip. */
export type BenchUnit = "ns" | "µs" | "ms" | "packets/s" | "requests/s" | "MB/s" | "inputs/s" | "runs/s";

export interface BenchContender {
  /** Unique in the group: `xdp-native`, `iptables/1000`. */
  readonly id: string;
  /** For people: `XDP native`. */
  readonly title: string;
  /** Of groups that draw curves: the curve it is on, and where. */
  readonly series?: string | undefined;
  readonly x?: number | undefined;
  /** One for each round, in the group's unit. */
  readonly values: readonly number[];
  /** Median of the values with its confidence interval. */
  readonly estimate: BenchInterval;
  /** Against the baseline; undefined for the baseline itself. */
  readonly effect: BenchEffect | undefined;
  /** Of groups that measure single round trips or operations: all of them, over all rounds. */
  readonly latency?: BenchLatency | undefined;
  /** Of groups that send packets: over all rounds. */
  readonly loss?: { readonly sent: number; readonly lost: number } | undefined;
  /** Numbers without noise. */
  readonly exact?: BenchExact | undefined;
  /** Further counts for one operation, by name: `context switches`, `bytes copied`. */
  readonly counts?: Readonly<Record<string, number>> | undefined;
  /** The program as it was, so that a gate can measure it beside its successor. */
  readonly program?: BenchProgram | undefined;
}

/** A median with the bootstrap's 95 % confidence interval around it. */
export interface BenchInterval {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** How a contender stands to the baseline. */
export interface BenchEffect {
  /** Contender by baseline, of the median over rounds: 1.2 = a fifth more. */
  readonly ratio: BenchInterval;
  /**
   * Named only where the interval excludes 1 and lies wholly farther from 1 than the null control's reaches;
   * of the null control itself, where its interval excludes 1.
   */
  readonly verdict: "better" | "worse" | "none";
}

/** Of single samples, in nanoseconds. Percentiles are the upper ends of histogram buckets, so at most 0.8 % too high. */
export interface BenchLatency {
  readonly samples: number;
  readonly meanNs: number;
  readonly minNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
  /** High dynamic range: buckets of equal relative width, ascending, without the empty ones. */
  readonly histogram: readonly BenchBucket[];
}

/** Samples from `lowNs` to `highNs`, both included. */
export interface BenchBucket {
  readonly lowNs: number;
  readonly highNs: number;
  readonly count: number;
}

/** What one packet costs a program, in numbers that are the same every time. */
export interface BenchExact {
  /** Executed, in the simulator; undefined where it cannot run the program. */
  readonly instructions: number | undefined;
  readonly helpers: Readonly<Record<string, number>>;
  /** Map → operation → times. */
  readonly maps: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By the kernel's verifier, over all paths, and its JIT; undefined without a kernel. */
  readonly verifiedInstructions: number | undefined;
  readonly jitedBytes: number | undefined;
}

export interface BenchProgram {
  /** C name of the entry. */
  readonly entry: string;
  /** SHA-256 of the object. */
  readonly sha256: string;
  /** The ELF file, gzipped, in base64. */
  readonly object: string;
}

/** `value` = c · x^`exponent` between the largest x and about a tenth of it: 0 constant, 1 linear. */
export interface BenchGrowth {
  readonly series: string;
  readonly exponent: BenchInterval;
}
