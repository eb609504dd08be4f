import { libc, orThrow } from "../kernel/libc.js";
import { ProgramInfo } from "../kernel/program-info.js";

const BPF_ENABLE_STATS = 32;

/**
 * Makes the kernel count the runs of BPF programs for as long as the descriptor is open (BPF_ENABLE_STATS,
 * Linux 5.8); the sysctl kernel.bpf_stats_enabled stays as it is.
 */
export function enableRunCounts(): number {
  // Type BPF_STATS_RUN_TIME is 0.
  const attr = new Uint8Array(8);
  return orThrow(libc().bpf(BPF_ENABLE_STATS, attr, attr.length), "counting the runs of BPF programs (Linux 5.8)");
}

/** How often a loaded program has run. */
export class RunCount {
  readonly #info: ProgramInfo;

  constructor(programFd: number) {
    this.#info = new ProgramInfo(programFd);
  }

  read(): number {
    return this.#info.runCount();
  }

  /** The kernel's number of the program. */
  programId(): number {
    return this.#info.id();
  }
}
