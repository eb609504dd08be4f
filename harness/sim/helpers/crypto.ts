import { Fault } from "../fault.js";
import { kernelFunctions } from "../kernel-functions.js";
import type { Helper } from "../machine.js";

/** Contexts are made by programs of type syscall alone (kernel/bpf/crypto.c): no packet's program can have one. */
const takesContext: Helper = (call) => {
  throw new Fault(`takes 0x${call.address(1).toString(16)} for a crypto context`);
};

/** (ctx, …) */
export const cryptoHelpers = kernelFunctions({
  bpf_crypto_ctx_acquire: takesContext,
  bpf_crypto_ctx_release: takesContext,
  bpf_crypto_encrypt: takesContext,
  bpf_crypto_decrypt: takesContext,
});
