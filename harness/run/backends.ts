import { backendNames, type Backend, type BackendName, type Capabilities } from "../model/backend.js";

/** Each backend's code is imported when it is asked for: `--help` and `check` need none of it. */
const loaders: Readonly<Record<BackendName, () => Promise<Backend>>> = {
  sim: async () => (await import("../sim/backend.js")).simBackend,
  kernel: async () => (await import("../kernel/backend.js")).kernelBackend,
  wire: async () => (await import("../wire/backend.js")).wireBackend,
};

export async function loadBackend(name: BackendName): Promise<Backend> {
  return loaders[name]();
}

/** What each backend, or each of some, can do on this machine now. */
export async function probeBackends(names: readonly BackendName[] = backendNames): Promise<Capabilities[]> {
  return Promise.all(names.map(async (name) => (await loadBackend(name)).probe()));
}
