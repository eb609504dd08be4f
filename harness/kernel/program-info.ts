import { addressOf, libc, orThrow } from "./libc.js";

const BPF_OBJ_GET_INFO_BY_FD = 15;

/** Places in struct bpf_prog_info (include/uapi/linux/bpf.h). */
const idOffset = 4;
const jitedBytesOffset = 16;
const runCountOffset = 200;
const verifiedInstructionsOffset = 216;
const infoBytes = 224;

/** What the kernel says of a loaded program; asked anew by each method. */
export class ProgramInfo {
  readonly #info = new Uint8Array(infoBytes);
  readonly #view = new DataView(this.#info.buffer);
  readonly #attr = new Uint8Array(16);

  constructor(programFd: number) {
    const view = new DataView(this.#attr.buffer);
    view.setUint32(0, programFd, true);
    view.setUint32(4, infoBytes, true);
    view.setBigUint64(8, addressOf(this.#info), true);
  }

  /** enum bpf_prog_type. */
  type(): number {
    return this.#fetch().getUint32(0, true);
  }

  /** The kernel's number of the program. */
  id(): number {
    return this.#fetch().getUint32(idOffset, true);
  }

  /** How often it has run since statistics are on. */
  runCount(): number {
    return Number(this.#fetch().getBigUint64(runCountOffset, true));
  }

  /** Its machine code; 0 where the JIT is off. */
  jitedBytes(): number {
    return this.#fetch().getUint32(jitedBytesOffset, true);
  }

  /** Instructions that the verifier followed; 0 before Linux 5.16. */
  verifiedInstructions(): number {
    return this.#fetch().getUint32(verifiedInstructionsOffset, true);
  }

  #fetch(): DataView {
    // What is not zero would ask for arrays.
    this.#info.fill(0);
    const result = libc().bpf(BPF_OBJ_GET_INFO_BY_FD, this.#attr, this.#attr.length);
    orThrow(result, "asking what the kernel knows of a program");
    return this.#view;
  }
}
