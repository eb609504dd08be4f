import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { harnessError } from "../model/error.js";
import type { Plan } from "../model/plan.js";
import { errnoText } from "./errno.js";
import { koffi } from "./libc.js";
import { libbpf, type Pointer } from "./libbpf.js";
import { neededPrograms, type NeededProgram } from "./needed-programs.js";

/** What of a plan matters for loading. */
export type LoadPlan = Pick<
  Plan,
  "object" | "program" | "programType" | "hook" | "attach" | "globals" | "maps" | "steps" | "pins" | "load"
>;

export interface PrepareOptions {
  /** Folder in a bpffs; undefined where nothing is to be pinned. */
  readonly pins: string | undefined;
  /** Gets the verifier's log of the nth program that is loaded. */
  readonly logOf: (index: number) => Uint8Array;
  /** BPF_LOG_… bits. */
  readonly logLevel: number;
  /** Descriptors of maps that are there already and are to be used. */
  readonly reuse: ReadonlyMap<string, number>;
}

/** Tells libbpf, between open and load, what of an object to load, as what, with which globals and pins. */
export function prepareObject(object: Pointer, plan: LoadPlan, options: PrepareOptions): void {
  preparePrograms(object, plan, options);
  patchGlobals(object, plan);
  for (const [name, fd] of options.reuse) {
    const map = libbpf().bpf_object__find_map_by_name(object, name);
    if (map) check(libbpf().bpf_map__reuse_fd(map, fd), `map '${name}' cannot be taken over`);
  }
  if (options.pins !== undefined) preparePins(object, plan, options.pins);
}

function preparePrograms(object: Pointer, plan: LoadPlan, { logOf, logLevel }: PrepareOptions): void {
  const lib = libbpf();
  const needed = neededPrograms(plan);
  const found = new Set<string>();
  for (let p = lib.bpf_object__next_program(object, null); p; p = lib.bpf_object__next_program(object, p)) {
    const name = lib.bpf_program__name(p);
    const use = needed.get(name);
    check(lib.bpf_program__set_autoload(p, use !== undefined), `program '${name}' cannot be picked for loading`);
    if (!use) continue;
    const log = logOf(found.size);
    found.add(name);
    setType(p, use);
    check(lib.bpf_program__set_log_buf(p, log, log.length), `program '${name}' cannot have a log`);
    check(lib.bpf_program__set_log_level(p, logLevel), `program '${name}' cannot have a log`);
  }
  for (const name of needed.keys()) {
    if (!found.has(name)) throw harnessError("object", `libbpf finds no program '${name}' in ${plan.object.name}`);
  }
}

/** libbpf pins when it creates the maps. */
function preparePins(object: Pointer, { object: { name: objectName }, pins }: LoadPlan, folder: string): void {
  const lib = libbpf();
  for (const [name, file] of Object.entries(pins)) {
    const map = lib.bpf_object__find_map_by_name(object, name);
    if (!map) throw harnessError("object", `libbpf finds no map '${name}' in ${objectName}`);
    const path = join(folder, file);
    if (!path.startsWith(`${folder}/`))
      throw harnessError("scenario", `map '${name}' cannot be pinned at '${file}'`, {
        hint: "pins are names below the run's own bpffs, without '..'",
      });
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
