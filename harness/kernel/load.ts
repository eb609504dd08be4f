import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { harnessError } from "../model/error.js";
import type { MapSpec } from "../model/object.js";
import type { MapPatch, Plan } from "../model/plan.js";
import { BpfMap, openPinned, pin } from "./bpf-map.js";
import { errnos, errnoText } from "./errno.js";
import { koffi, libc, systemError } from "./libc.js";
import { libbpf, withMessages, type Pointer } from "./libbpf.js";
import { applyPatch, readEntries, readInnerMaps, type Entries } from "./maps.js";
import { neededPrograms, type NeededProgram } from "./needed-programs.js";
import type { RunFolder } from "./run-folder.js";

export type LoadResult =
  | { readonly accepted: true; readonly loaded: LoadedObject }
  /** `errno` is positive; the log is libbpf's messages, then the kernel's whole log. */
  | { readonly accepted: false; readonly log: string; readonly errno: number };

/** What of a plan matters for loading. */
export type LoadPlan = Pick<
  Plan,
  "object" | "program" | "programType" | "hook" | "globals" | "maps" | "steps" | "pins" | "load"
>;

/** The size that libbpf starts with, too; the kernel touches only what it writes. */
const logBytes = 16 * 1024 * 1024;

/** BPF_LOG_STATS (include/linux/bpf_verifier.h, Linux 5.2): the reason and the statistics, but no instructions. */
const reasonOnly = 4;
/** BPF_LOG_LEVEL1: also every instruction on the way that led to the refusal. */
const instructions = 1;

/** Verified instructions from which on a log of them costs seconds. */
const manyInstructions = 100_000;

let logBuffer: Buffer | undefined;
let loads = 0;

/**
 * Loads a plan's object with libbpf into the running kernel: the entry, the programs that the plan's maps refer to,
 * globals patched, maps created, pinned and filled as the plan says except for `plan.maps` (see `applyMaps`).
 * A refusal by verifier or libbpf is an answer; only what says nothing about the object (privilege, memory,
 * descriptors) is thrown.
 */
export function loadObject(plan: LoadPlan, folder: RunFolder): LoadResult {
  const pins = pinFolder(plan, folder);
  let result: LoadResult | undefined;
  try {
    result = tryLoad(plan, pins, reasonOnly);
    if (!result.accepted && worthInstructions(plan, result.log)) {
      const whole = tryLoad(plan, pins, instructions);
      if (!whole.accepted) result = whole.errno === errnos.ENOSPC ? overlong(whole.log, result) : whole;
    }
    return result;
  } finally {
    if (pins !== undefined && !result?.accepted) removeTree(pins);
  }
}

/** Whether to load once more for the instructions: always, but for a huge program whose refusal is just as expected. */
function worthInstructions(plan: LoadPlan, log: string): boolean {
  const processed = Number(/^processed (\d+) insns/m.exec(log)?.[1]);
  if (Number.isNaN(processed)) return false; // not the verifier's refusal
  return processed < manyInstructions || !plan.load.fails?.value.test(log);
}

/**
 * A program that the verifier follows for a million instructions writes a log of 100 MB and more; the error is then
 * ENOSPC for the log's sake, and the log its last (before Linux 6.4: its first) part. Why the program was refused,
 * the load without instructions tells.
 */
function overlong(part: string, reason: LoadResult & { accepted: false }): LoadResult {
  const omitted = `\n(the log is longer than ${logBytes} bytes: the rest is omitted)\n`;
  return { ...reason, log: part + omitted + reason.log };
}

function tryLoad(plan: LoadPlan, pins: string | undefined, logLevel: number): LoadResult {
  const log = (logBuffer ??= Buffer.allocUnsafeSlow(logBytes));
  log[0] = 0;
  const { bytes, name } = plan.object;
  const { result, messages } = withMessages(() => {
    const lib = libbpf();
    const object = lib.bpf_object__open_mem(bytes, bytes.length, {
      objectName: name,
      pinRoot: pins ?? null,
      log,
      logLevel,
    });
    if (!object) return { object, errno: koffi().errno() };
    try {
      prepare(object, plan, pins);
      const errno = -lib.bpf_object__load(object);
      if (errno === 0) return { object, errno };
      lib.bpf_object__close(object);
      return { object: null, errno };
    } catch (error) {
      lib.bpf_object__close(object);
      throw error;
    }
  });
  if (result.object) return { accepted: true, loaded: new LoadedObject(plan, result.object, pins) };
  const end = log.indexOf(0);
  const kernelLog = log.toString("utf8", 0, end < 0 ? log.length : end);
  refuseToJudge(result.errno, kernelLog, messages);
  return { accepted: false, log: messages + kernelLog, errno: result.errno };
}

/** Errors that say something about this process or machine, not about the object. */
function refuseToJudge(errno: number, kernelLog: string, messages: string): void {
  if (kernelLog !== "") return;
  const doing = `cannot load the object (${messages.trim().split("\n").at(-1) ?? "libbpf said nothing"})`;
  if (errno === errnos.EPERM || errno === errnos.EACCES) throw systemError(errno, doing);
  if (errno === errnos.EMFILE || errno === errnos.ENFILE)
    throw systemError(errno, doing, "raise the limit of open files (ulimit -n)");
  if (errno === errnos.ENOMEM)
    throw systemError(errno, doing, "a map's max_entries may be more than this machine's memory");
}

function prepare(object: Pointer, plan: LoadPlan, pins: string | undefined): void {
  const lib = libbpf();
  const needed = neededPrograms(plan);
  const found = new Set<string>();
  for (let p = lib.bpf_object__next_program(object, null); p; p = lib.bpf_object__next_program(object, p)) {
    const name = lib.bpf_program__name(p);
    const use = needed.get(name);
    check(lib.bpf_program__set_autoload(p, use !== undefined), `program '${name}' cannot be picked for loading`);
    if (!use) continue;
    found.add(name);
    setType(p, use);
  }
  for (const name of needed.keys()) {
    if (!found.has(name)) throw harnessError("object", `libbpf finds no program '${name}' in ${plan.object.name}`);
  }
  patchGlobals(object, plan);
  if (pins === undefined) return;
  for (const [name, file] of Object.entries(plan.pins)) {
    const map = lib.bpf_object__find_map_by_name(object, name);
    if (!map) throw harnessError("object", `libbpf finds no map '${name}' in ${plan.object.name}`);
    const path = join(pins, file);
    mkdirSync(dirname(path), { recursive: true });
    check(lib.bpf_map__set_pin_path(map, path), `map '${name}' cannot be pinned at ${path}`);
  }
}

function setType(program: Pointer, { type, attachType }: NeededProgram): void {
  const lib = libbpf();
  if (type !== undefined && lib.bpf_program__type(program) !== type)
    check(lib.bpf_program__set_type(program, type), "a program's type cannot be set");
  if (attachType !== undefined)
    check(lib.bpf_program__set_expected_attach_type(program, attachType), "a program's attach type cannot be set");
}

/** Writes into the memory that libbpf creates the maps of `.rodata`, `.data` and `.bss` from. */
function patchGlobals(object: Pointer, plan: LoadPlan): void {
  const lib = libbpf();
  for (const { name, section, offsetBytes, bytes } of plan.globals) {
    if (section === ".kconfig")
      throw harnessError("unsupported", `'${name}' is a __kconfig extern: its value is the running kernel's`, {
        hint: "make it a const volatile global to set it from a scenario",
      });
    const map = lib.bpf_object__find_map_by_name(object, section);
    const size = new BigUint64Array(1);
    const value = map && lib.bpf_map__initial_value(map, new Uint8Array(size.buffer));
    if (!value || offsetBytes + bytes.length > Number(size[0]))
      throw harnessError("object", `libbpf has no ${section} with ${offsetBytes + bytes.length} bytes for '${name}'`);
    new Uint8Array(koffi().view(value, Number(size[0]))).set(bytes, offsetBytes);
  }
}

function check(result: number, failure: string): void {
  if (result < 0) throw harnessError("load", `${failure}: ${errnoText(result)}`);
}

/** A folder of this load's own in the run's bpffs, where anything is to be pinned: cases must not share maps. */
function pinFolder(plan: LoadPlan, folder: RunFolder): string | undefined {
  if (Object.keys(plan.pins).length === 0 && !plan.object.maps.some((map) => map.pinByName)) return undefined;
  const path = join(folder.mount("bpf"), String(loads++));
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** bpffs has no recursive removal of its own, and Node's chmods what it cannot remove: one by one, then. */
function removeTree(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) removeTree(child);
    else unlinkSync(child);
  }
  rmdirSync(path);
}

/** An object that the kernel has taken. Everything is given back by `close`, which may be called more than once. */
export class LoadedObject {
  /** Descriptor of the entry. */
  readonly programFd: number;
  private readonly plan: LoadPlan;
  private readonly pins: string | undefined;
  /** Undefined once unloaded. */
  private object: Pointer | undefined;
  private readonly programs = new Map<string, number>();
  private readonly maps = new Map<string, BpfMap>();
  /** Where libbpf pinned maps, by map name. */
  private readonly pinned = new Map<string, string>();

  constructor(plan: LoadPlan, object: Pointer, pins: string | undefined) {
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

  programFdOf(name: string): number {
    const fd = this.programs.get(name);
    if (fd === undefined || !this.object) throw harnessError("object", `program '${name}' is not loaded`);
    return fd;
  }

  mapFdOf(name: string): number {
    return this.mapOf(name).fd;
  }

  /**
   * Sets and deletes entries in order. `ifindexOf` resolves devmap slots; where no one can (test runs redirect
   * nowhere), every device is the loopback interface, whose index is 1 in every network namespace.
   */
  applyMaps(patches: readonly MapPatch[], ifindexOf: (dev: string) => number = () => 1): void {
    const references = { programFdOf: (name: string) => this.programFdOf(name), ifindexOf };
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
  }

  close(): void {
    this.unload();
    if (this.pins !== undefined) removeTree(this.pins);
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
