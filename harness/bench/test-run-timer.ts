import { attrOffsets as at, attrSizeBytes, bpfCommands } from "../kernel/attr.js";
import type { TestRunInputs } from "../kernel/context.js";
import { errnos } from "../kernel/errno.js";
import { addressOf, libc, systemError } from "../kernel/libc.js";

/**
 * Times a loaded program by BPF_PROG_TEST_RUN with `repeat`: by the kernel's clock, without the way into the kernel.
 * Run n + 1 gets what run n left of the packet, so this is for programs that do the same work on that.
 */
export class TestRunTimer {
  readonly #attr = new Uint8Array(attrSizeBytes);
  readonly #view = new DataView(this.#attr.buffer);
  readonly #inputs: TestRunInputs;

  constructor(programFd: number, inputs: TestRunInputs) {
    const { data, context } = inputs;
    const view = this.#view;
    // The addresses below do not keep the bytes alive.
    this.#inputs = inputs;
    view.setUint32(at["test.prog_fd"], programFd, true);
    view.setUint32(at["test.data_size_in"], data.length, true);
    view.setBigUint64(at["test.data_in"], addressOf(this.#inputs.data), true);
    if (!context) return;
    view.setUint32(at["test.ctx_size_in"], context.length, true);
    view.setBigUint64(at["test.ctx_in"], addressOf(context), true);
  }

  /** Nanoseconds a run, of so many in a row. */
  run(repeat: number): number {
    const view = this.#view;
    view.setUint32(at["test.repeat"], repeat, true);
    for (;;) {
      const result = libc().bpf(bpfCommands.BPF_PROG_TEST_RUN, this.#attr, attrSizeBytes);
      // A signal: the average of what was done until then would be wrong.
      if (result === -errnos.EINTR) continue;
      if (result < 0) throw systemError(-result, "timing a program by BPF_PROG_TEST_RUN");
      return view.getUint32(at["test.duration"], true);
    }
  }
}
