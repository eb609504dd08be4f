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
  "object" | "program" | "programType" | "hook" | "globals" | "maps" | "steps" | "pins" | "load"
>;

/** Tells libbpf, between open and load, what of an object to load, as what, with which globals and pins. */
export function prepareObject(object: Pointer, plan: LoadPlan, pins: string | undefined): void {
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
