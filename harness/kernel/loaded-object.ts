import { harnessError } from "../model/error.js";
import type { GlobalSpec, MapSpec } from "../model/object.js";
import type { MapPatch, Plan } from "../model/plan.js";
import { BpfMap, openPinned, pin } from "./bpf-map.js";
import { libbpf, type Pointer } from "./libbpf.js";
import { libc } from "./libc.js";
import { applyPatch, readEntries, readInnerMaps, type Entries, type References } from "./maps.js";
import { XdpSocket } from "./xdp-socket.js";
import { removeTree } from "./pin-folder.js";

/** An object that the kernel has taken. Everything is given back by `close`, which may be called more than once. */
export class LoadedObject {
  /** Descriptor of the entry. */
  readonly programFd: number;
  private readonly plan: Pick<Plan, "object">;
  private readonly pins: string | undefined;
  /** Undefined once unloaded. */
  private object: Pointer | undefined;
  private readonly programs = new Map<string, number>();
  private readonly maps = new Map<string, BpfMap>();
  private unbound: XdpSocket | undefined;
  /** Where libbpf pinned maps, by map name. */
  private readonly pinned = new Map<string, string>();

  constructor(plan: Pick<Plan, "object" | "program">, object: Pointer, pins: string | undefined) {
    this.plan = plan;
    this.object = object;
    this.pins = pins;
    const lib = libbpf();
    for (let p = lib.bpf_object__next_program(object, null); p; p = lib.bpf_object__next_program(object, p)) {
      const fd = lib.bpf_program__fd(p);
      if (fd >= 0) this.programs.set(lib.bpf_program__name(p), fd);
    }
    for (const spec of plan.object.maps) {
      const map = lib.bpf_object__find_map_by_name(object, spec.name);
      if (!map) continue;
      this.maps.set(spec.name, new BpfMap(spec, lib.bpf_map__fd(map)));
      const path = lib.bpf_map__pin_path(map);
      if (path !== null) this.pinned.set(spec.name, path);
    }
    this.programFd = this.programFdOf(plan.program.name);
  }

  /** In the order in which they were loaded. */
  get programNames(): readonly string[] {
    return [...this.programs.keys()];
  }

  programFdOf(name: string): number {
    const fd = this.programs.get(name);
    if (fd === undefined || !this.object) throw harnessError("object", `program '${name}' is not loaded`);
    return fd;
  }

  mapFdOf(name: string): number {
    return this.mapOf(name).fd;
  }

  /**
   * Sets and deletes entries in order. Where no one says what they refer to (test runs redirect nowhere), every device
   * is the loopback interface, whose index is 1 in every network namespace, and AF_XDP sockets get no frames.
   */
  applyMaps(patches: readonly MapPatch[], given: Partial<Omit<References, "programFdOf">> = {}): void {
    const references: References = {
      programFdOf: (name) => this.programFdOf(name),
      ifindexOf: () => 1,
      socketFdOf: () => undefined,
      xskFdOf: () => this.unboundSocket().fd,
      ...given,
    };
    for (const patch of patches) applyPatch(this.mapOf(patch.map.name), patch, references);
  }

  /** The map's contents now; after `unload` through its pin. */
  readMap(spec: MapSpec): Entries {
    return this.withMap(spec, readEntries);
  }

  /** False for a map that went with the program it was loaded with. */
  canRead(spec: MapSpec): boolean {
    return this.maps.has(spec.name) || this.pinned.has(spec.name);
  }

  /** Values of global variables now; undefined once unloaded. */
  readGlobals(globals: readonly GlobalSpec[]): { name: string; bytes: Uint8Array }[] | undefined {
    const { object } = this;
    if (!object) return undefined;
    return globals.map(({ name, section, offsetBytes, sizeBytes }) => {
      const bytes = readSection(object, section);
      if (!bytes) throw harnessError("object", `libbpf has no section ${section} for '${name}'`);
      return { name, bytes: bytes.slice(offsetBytes, offsetBytes + sizeBytes) };
    });
  }

  /** Contents of the inner maps of an array or hash of maps. */
  readInnerMaps(spec: MapSpec): ReturnType<typeof readInnerMaps> {
    return this.withMap(spec, readInnerMaps);
  }

  /** Pins a map below a path of the caller's, which also removes it. */
  pin(map: string, path: string): void {
    pin(this.mapFdOf(map), path);
  }

  /** Where a map is pinned in the run's bpffs. */
  pinPathOf(map: string): string | undefined {
    return this.pinned.get(map);
  }

  /** Closes programs and maps, as the end of a loader does: only what is pinned lives on. */
  unload(): void {
    if (!this.object) return;
    libbpf().bpf_object__close(this.object);
    this.object = undefined;
    this.maps.clear();
    void this.unbound?.close();
    this.unbound = undefined;
  }

  close(): void {
    this.unload();
    if (this.pins !== undefined) removeTree(this.pins);
  }

  private unboundSocket(): XdpSocket {
    this.unbound ??= new XdpSocket();
    return this.unbound;
  }

  private withMap<T>(spec: MapSpec, read: (map: BpfMap) => T): T {
    const map = this.maps.get(spec.name);
    if (map) return read(map);
    const path = this.pinned.get(spec.name);
    if (path === undefined) throw harnessError("scenario", this.goneMessage(spec.name), { hint: "pin it: pins: {…}" });
    const fd = openPinned(path);
    try {
      return read(new BpfMap(spec, fd));
    } finally {
      libc().close(fd);
    }
  }

  private mapOf(name: string): BpfMap {
    const map = this.maps.get(name);
    if (!map) throw harnessError("scenario", this.goneMessage(name));
    return map;
  }

  private goneMessage(name: string): string {
    const known = this.plan.object.maps.some((map) => map.name === name);
    return known ? `map '${name}' is gone: the program was unloaded and the map is not pinned` : `no map '${name}'`;
  }
}

/** The one value of the array that libbpf makes of `.bss`, `.data` and their like. */
function readSection(object: Pointer, section: string): Uint8Array | undefined {
  const lib = libbpf();
  const map = lib.bpf_object__find_map_by_name(object, section);
  if (!map) return undefined;
  const size = new BigUint64Array(1);
  lib.bpf_map__initial_value(map, new Uint8Array(size.buffer));
  return new BpfMap(sectionSpec(section, Number(size[0])), lib.bpf_map__fd(map)).lookup(new Uint8Array(4));
}

function sectionSpec(name: string, valueSizeBytes: number): MapSpec {
  return {
    name,
    type: "array",
    keySizeBytes: 4,
    valueSizeBytes,
    maxEntries: 1,
    flags: 0,
    key: undefined,
    value: undefined,
    inner: undefined,
    pinByName: false,
    extra: 0,
    slots: [],
  };
}
