import { kernelFunctions } from "../kernel-functions.js";
import { ThrownCookie } from "../machine.js";

export const exceptionHelpers = kernelFunctions({
  // (cookie)
  bpf_throw: (call) => {
    throw new ThrownCookie(call.u64(1));
  },
});
