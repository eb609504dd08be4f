import { unresolvedCoreHelper } from "../core-patch.js";
import { Fault } from "../fault.js";
import type { HelperTable } from "./table.js";

/** What libbpf leaves where the kernel has not what a program asks for: code that must not be reached. */
export const coreHelpers: HelperTable = {
  [unresolvedCoreHelper]: () => {
    throw new Fault("needs a type, field or enumerator that the kernel's types do not have");
  },
};
