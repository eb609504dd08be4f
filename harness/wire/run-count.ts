import { addressOf, libc, orThrow } from "../kernel/libc.js";

const BPF_OBJ_GET_INFO_BY_FD = 15;
const BPF_ENABLE_STATS = 32;

/** Places in struct bpf_prog_info (include/uapi/linux/bpf.h). */
const idOffset = 4;
const runCountOffset = 200;
const infoBytes = 224;

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
  readonly #info = new Uint8Array(infoBytes);
  readonly #attr = new Uint8Array(16);

  constructor(programFd: number) {
    const view = new DataView(this.#attr.buffer);
    view.setUint32(0, programFd, true);
    view.setUint32(4, infoBytes, true);
    view.setBigUint64(8, addressOf(this.#info), true);
  }

  read(): number {
    this.#fetch();
    return Number(new DataView(this.#info.buffer).getBigUint64(runCountOffset, true));
  }

  /** The kernel's number of the program. */
  programId(): number {
    this.#fetch();
    return new DataView(this.#info.buffer).getUint32(idOffset, true);
  }

  #fetch(): void {
    // What is not zero would ask for arrays.
    this.#info.fill(0);
    const result = libc().bpf(BPF_OBJ_GET_INFO_BY_FD, this.#attr, this.#attr.length);
    orThrow(result, "asking for a program's run count");
  }
}
