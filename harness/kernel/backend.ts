import type { Backend } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import { whyNoKernel } from "./probe.js";
import { KernelSession } from "./session.js";

/** The running kernel: libbpf loads the object, BPF_PROG_TEST_RUN runs the program. */
export const kernelBackend: Backend = {
  name: "kernel",

  probe() {
    return Promise.resolve({ backend: "kernel", unavailable: whyNoKernel() });
  },

  open(options) {
    return new Promise((resolve) => {
      const reason = whyNoKernel();
      if (reason !== undefined) throw harnessError("unsupported", `backend kernel ${reason}`);
      resolve(new KernelSession(options));
    });
  },
};
