import type { Backend } from "../model/backend.js";
import { SimSession } from "./session.js";

/** The object itself, executed in this process: no kernel, no privileges, any operating system. */
export const simBackend: Backend = {
  name: "sim",
  probe: () => Promise.resolve({ backend: "sim", unavailable: undefined }),
  open: (options) => Promise.resolve(new SimSession("jit", options)),
};
