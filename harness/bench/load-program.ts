import type { Hook, ProgramType } from "../model/hook.js";
import { hooks } from "../model/hook.js";
import { harnessError } from "../model/error.js";
import type { BpfObject, ProgramSpec } from "../model/object.js";
import type { GlobalPatch } from "../model/plan.js";
import { loadObject } from "../kernel/load.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import type { RunFolder } from "../kernel/run-folder.js";

export interface ProgramChoice {
  readonly object: BpfObject;
  readonly entry: string;
  readonly hook: Hook;
  /** Further programs of the object, which share its maps. */
  readonly also?: readonly string[];
  /** Variables of `.rodata` and `.data`: name → its bytes. */
  readonly globals?: Readonly<Record<string, Uint8Array>>;
  /** Descriptors of maps that take the place of the object's. */
  readonly reuse?: ReadonlyMap<string, number>;
}

/** Loads one program of an object, without a scenario; the caller closes what comes back. */
export function loadProgram(choice: ProgramChoice, folder: RunFolder): LoadedObject {
  const { object, entry, hook, also = [] } = choice;
  const programType = hooks[hook];
  const result = loadObject(
    {
      object,
      program: programOf(object, entry),
      programType,
      hook,
      attach: also.map((name) => attached(programOf(object, name), programType, hook)),
      load: { fails: undefined },
      globals: Object.entries(choice.globals ?? {}).map(([name, bytes]) => globalPatch(object, name, bytes)),
      maps: [],
      steps: [],
      pins: {},
    },
    folder,
    choice.reuse,
  );
  if (!result.accepted) throw harnessError("load", `${object.name}: ${entry} was refused:\n${result.log}`);
  return result.loaded;
}

export function programOf(object: BpfObject, name: string): ProgramSpec {
  const program = object.programs.find((each) => each.name === name);
  if (!program) throw harnessError("object", `${object.name} has no program ${name}`);
  return program;
}

/** Only what loading looks at: nothing is attached by it. */
function attached(program: ProgramSpec, programType: ProgramType, hook: Hook) {
  return { program, programType, hook, at: { host: "", dev: "" } };
}

function globalPatch(object: BpfObject, name: string, bytes: Uint8Array): GlobalPatch {
  const global = object.globals.find((each) => each.name === name);
  if (!global) throw harnessError("object", `${object.name} has no variable ${name}`);
  return { name, section: global.section, offsetBytes: global.offsetBytes, bytes };
}

/** A 32-bit value as it lies in memory. */
export function word32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
