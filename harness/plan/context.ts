import { ownerOf } from "../model/by-object.js";
import type { Hook, ProgramType } from "../model/hook.js";
import type { ExpectableObserver } from "../model/observer.js";
import { nearest } from "../model/nearest.js";
import type { BpfObject, MapSpec } from "../model/object.js";
import type { Problems } from "../model/problems.js";
import type { Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import type { Place, Topology } from "../model/topology.js";

/** What names in a scenario are looked up in, and where mistakes are collected. */
export interface PlanContext {
  readonly object: BpfObject;
  readonly programType: ProgramType;
  readonly topology: Topology;
  /** Where programs are attached. */
  readonly attached: readonly { readonly hook: Hook; readonly at: Place }[];
  /** Who watches while the case runs. */
  readonly observers: readonly ExpectableObserver[];
  readonly problems: Problems;
  /** Where other programs come from that the scenario names; throws HarnessError. */
  readonly findObject?: ((program: Located<string>) => Promise<BpfObject>) | undefined;
  /** The same for each further object by its name; maps in there are called `name/map`. */
  readonly objects: ReadonlyMap<string, PlanContext>;
}

/** Where the programs and interfaces that a map's values name are to be looked up. */
export function contextOfMap(context: PlanContext, map: string): PlanContext {
  return context.objects.get(ownerOf(map).object) ?? context;
}

/** A mistake of the scenario file. */
export function wrong({ problems }: Pick<PlanContext, "problems">, span: Span, message: string, hint?: string): void {
  problems.add({ code: "scenario", message, span, ...(hint && { hint }) });
}

/** The map of that name; undefined, with a diagnostic, where the object has none. */
export function findMap(context: PlanContext, name: string, span: Span): MapSpec | undefined {
  const own = contextOfMap(context, name).object;
  const map = own.maps.find((candidate) => candidate.name === name);
  if (map) return map;
  const all = [context.object, ...[...context.objects.values()].map(({ object }) => object)];
  const names = all.flatMap(({ maps }) => maps.map((candidate) => candidate.name));
  const isGlobal = context.object.globals.some((global) => global.name === name);
  const hint = isGlobal ? `'${name}' is a global variable: it goes under globals` : didYouMean(name, names, "maps");
  wrong(context, span, `${own.name} has no map '${name}'`, hint);
  return undefined;
}

/** The nearest right word, or all that there are. */
export function didYouMean(word: string, names: readonly string[], plural: string): string {
  const close = nearest(word, names);
  if (close) return `did you mean '${close}'?`;
  return names.length > 0 ? `its ${plural}: ${names.join(", ")}` : `it has no ${plural}`;
}
