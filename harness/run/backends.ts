import type { Backend, BackendName, Capabilities } from "../model/backend.js";

/** Each backend's code is imported when it is asked for: `--help` and `check` need none of it. */
const loaders: Partial<Record<BackendName, () => Promise<Backend>>> = {
  kernel: async () => (await import("../kernel/backend.js")).kernelBackend,
  wire: async () => (await import("../wire/backend.js")).wireBackend,
};

/** The backends of this version, in the order in which results are shown. */
export const builtBackends = Object.keys(loaders) as readonly BackendName[];

export async function loadBackend(name: BackendName): Promise<Backend | undefined> {
  return loaders[name]?.();
}

/** What each backend can do on this machine now. */
export async function probeBackends(names: readonly BackendName[]): Promise<Capabilities[]> {
  return Promise.all(
    names.map(async (name) => {
      const backend = await loadBackend(name);
      return backend ? backend.probe() : { backend: name, unavailable: `this version has no ${name} backend yet` };
    }),
  );
}
