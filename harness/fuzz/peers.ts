import { decodeProgram } from "../isa/decode.js";
import { helperName } from "../isa/helper-names.js";
import type { BpfObject } from "../model/object.js";
import type { MapPatch, Twin } from "../model/plan.js";
import type { Peer } from "./laboratory.js";
import { SimTarget } from "./sim-target.js";
import type { Subject } from "./subject.js";

/** Helpers whose results are another in every kernel and at every time: clocks, chance, CPUs, routes, interfaces, sockets, hashes. */
const unsettled: ReadonlySet<number> = new Set([
  5, 7, 8, 14, 15, 16, 17, 27, 34, 35, 42, 46, 47, 52, 64, 67, 69, 82, 84, 85, 86, 92, 95, 96, 99, 107, 118, 123, 124,
  125, 157, 158, 160, 163, 169, 170, 171, 172, 181, 208,
]);

/** Why the kernel may come to something else than the simulator without either being wrong; undefined where it may not. */
export function whyUnsettled({ programs }: BpfObject): string | undefined {
  for (const { name, instructions } of programs)
    for (const { instruction } of decodeProgram(instructions))
      if (instruction.kind === "callHelper" && unsettled.has(instruction.helper))
        return `'${name}' calls ${helperName(instruction.helper) ?? `helper #${instruction.helper}`}`;
  return undefined;
}

/** The simulator's other engine. */
export function interpreterPeer(subject: Subject): Peer {
  const target = new SimTarget(subject, { engine: "interpreter" });
  return { target, programType: subject.programType, property: "backends-agree" };
}

/** Another program with maps of its own, which are given what the plan gives to maps of the same name. */
export function twinPeer(subject: Subject, { object, program, programType }: Twin): Peer {
  const own = (patches: readonly MapPatch[]): MapPatch[] =>
    patches.flatMap((patch) => {
      const map = object.maps.find(({ name }) => name === patch.map.name);
      return map ? [{ ...patch, map }] : [];
    });
  const globals = subject.globals.filter(({ name }) => object.globals.some((global) => global.name === name));
  const before = subject.before.map((command) =>
    command.kind === "update" ? { ...command, patches: own(command.patches) } : command,
  );
  const twin = { ...subject, object, program, programType, maps: own(subject.maps), globals, before };
  const target = new SimTarget(twin, { name: program.name });
  return { target, programType, property: "same-as" };
}
