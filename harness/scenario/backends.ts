import type { BackendName } from "../model/backend.js";
import { type Decoder, listOrOne } from "./decoder.js";
import { oneOf } from "./scalars.js";

export const backendWords: Readonly<Record<BackendName, string>> = {
  sim: "the simulator, in this process",
  kernel: "the running kernel, by BPF_PROG_TEST_RUN",
  wire: "real interfaces in network namespaces",
};

export const backends: Decoder<readonly BackendName[]> = listOrOne(oneOf("a backend", backendWords));
