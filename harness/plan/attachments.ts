import { qualified } from "../model/by-object.js";
import { harnessError } from "../model/error.js";
import { isSocketMap } from "../model/map-access.js";
import { hooks, isSocketMapHook } from "../model/hook.js";
import type { BpfObject } from "../model/object.js";
import type { MapPatch, PlannedAttachment, PlannedObject } from "../model/plan.js";
import type { AttachSpec, Located, ObjectSpec, Scenario } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { wrong, type PlanContext } from "./context.js";
import { planGlobals } from "./globals.js";
import { planMaps } from "./map-entries.js";
import { findPlace } from "./place.js";
import { findProgram } from "./program.js";

/** Reads the object that a scenario names, at a place in it, besides the one under test. */
export type FindObject = (program: Located<string>) => Promise<BpfObject>;

/** Further programs of one object; those that are not there are told and left out. */
export function planAttachments(
  context: PlanContext,
  object: BpfObject,
  program: Located<string>,
  specs: readonly AttachSpec[],
): readonly PlannedAttachment[] {
  return specs.flatMap(({ entry, hook, at }) => {
    // What the object lacks is said where the attachment is written.
    const choice = { entry, hook, program: { ...program, span: hook.span } };
    const found = context.problems.attempt(() => findProgram(choice, object));
    const isOfMap = isSocketMapHook(hook.value);
    const map = isOfMap ? findSocketMap(context, object, at, hook.span) : undefined;
    const place = isOfMap || !at ? context.topology.attach : findPlace(context, at);
    if (!found || !place || (isOfMap && map === undefined)) return [];
    return [
      {
        program: found,
        programType: hooks[hook.value],
        hook: hook.value,
        at: place,
        ...(map !== undefined && { map }),
      },
    ];
  });
}

/** The sockmap or sockhash that programs are attached to: the one that is named, or the only one. */
export function findSocketMap(
  context: PlanContext,
  object: BpfObject,
  named: Located<string> | undefined,
  span: Span,
): string | undefined {
  const names = object.maps.filter(isSocketMap).map(({ name }) => name);
  const [only, ...others] = names;
  if (named ? names.includes(named.value) : only !== undefined && others.length === 0) return named?.value ?? only;
  const what = named ? `no map of sockets '${named.value}'` : `${names.length} maps of sockets`;
  const hint = names.length > 0 ? `write at: ${names.join(" or at: ")}` : "it needs a sockmap or a sockhash";
  wrong(context, named?.span ?? span, `${object.name} has ${what}`, hint);
  return undefined;
}

interface ObjectInContext {
  readonly planned: PlannedObject;
  readonly context: PlanContext;
}

/** The further objects of a scenario, each with the context that names of its maps are looked up in. */
export async function planObjects(
  context: PlanContext,
  scenario: Scenario,
  main: BpfObject,
  findObject: FindObject | undefined,
): Promise<readonly ObjectInContext[]> {
  const planned: ObjectInContext[] = [];
  for (const spec of scenario.objects) {
    const isMain = spec.program.value === scenario.program.value;
    const object = isMain ? main : await context.problems.attemptAsync(() => findObjectOf(spec.program, findObject));
    const each = object && planObject(context, spec, object);
    if (each) planned.push(each);
  }
  return planned;
}

/** Throws HarnessError "scenario" where only the scenario's own object can be had. */
export async function findObjectOf(program: Located<string>, findObject: FindObject | undefined): Promise<BpfObject> {
  if (findObject) return findObject(program);
  throw harnessError("scenario", `${program.value} cannot be read here: the scenario's own object was given alone`, {
    span: program.span,
  });
}

function planObject(context: PlanContext, spec: ObjectSpec, object: BpfObject): ObjectInContext | undefined {
  const { name } = spec;
  const [first, ...rest] = planAttachments(context, object, spec.program, spec.attach);
  if (!first) return undefined;
  const maps = object.maps.map((map) => ({ ...map, name: qualified(name, map.name) }));
  const own: PlanContext = {
    ...context,
    object: { ...object, maps },
    programType: first.programType,
    topology: { ...context.topology, attach: first.at },
  };
  const globals = planGlobals(own, spec.globals);
  return { planned: { name, object, attach: [first, ...rest], globals }, context: own };
}

/** What the further objects' own maps hold before the first step. */
export function planObjectMaps(context: PlanContext, objects: readonly ObjectSpec[]): readonly MapPatch[] {
  return objects.flatMap(({ name, maps }) =>
    context.objects.has(name)
      ? planMaps(
          context,
          maps.map((entry) => ({ ...entry, key: qualified(name, entry.key) })),
        )
      : [],
  );
}
