import { harnessError } from "../model/error.js";
import { fromHex } from "../model/hex.js";
import type { DataType, MapSpec } from "../model/object.js";
import type { DataPattern, PlannedEvents } from "../model/plan.js";
import type { EventsExpectation, Written } from "../model/scenario.js";
import { fieldsOf } from "../data/fields.js";
import { compilePattern } from "../data/pattern.js";
import { suggest } from "../data/written.js";
import { findMap, wrong, type PlanContext } from "./context.js";

/** Events of a ring buffer or perf event array, compiled against the struct that they are. */
export function planEvents(context: PlanContext, expectation: EventsExpectation): PlannedEvents | undefined {
  const { ordered, timeoutMs, span, count, ascending, lost } = expectation;
  const map = findEventMap(context, expectation);
  if (!map) return undefined;
  const type = expectation.type ? findStruct(context, expectation.type.value, expectation.type.span) : map.value;
  if (expectation.type && !type) return undefined;
  const events = expectation.events.flatMap(
    (written) => context.problems.attempt(() => compileEvent(context, type, written)) ?? [],
  );
  if (ascending) checkAscending(context, type, ascending.value, ascending.span);
  return { map: map.name, type, ordered, events, timeoutMs, span, count, ascending, lost };
}

function checkAscending(context: PlanContext, type: DataType | undefined, name: string, span: Written["span"]): void {
  if (type?.kind !== "struct")
    return wrong(context, span, "'ascending' needs the struct that an event is", "events: {type: …, ascending: …}");
  const fields = fieldsOf(type);
  const field = fields.find((candidate) => candidate.name === name);
  if (!field)
    wrong(
      context,
      span,
      `struct ${type.name} has no '${name}'`,
      suggest(
        name,
        fields.map((each) => each.name),
      ),
    );
  else if (field.type.kind !== "int") wrong(context, span, `'${name}' is not a number, so it cannot ascend`);
}

function findEventMap(context: PlanContext, { map: named, span }: EventsExpectation): MapSpec | undefined {
  const candidates = context.object.maps.filter(({ type }) => type === "ringbuf" || type === "perf_event_array");
  const names = candidates.map(({ name }) => name).join(", ");
  if (named) {
    const map = findMap(context, named.value, named.span);
    if (!map || candidates.includes(map)) return map;
    wrong(
      context,
      named.span,
      `'${map.name}' is a ${map.type}, which carries no events`,
      names && `these do: ${names}`,
    );
    return undefined;
  }
  if (candidates.length === 1) return candidates[0];
  if (candidates.length === 0) wrong(context, span, `${context.object.name} has no ring buffer or perf event array`);
  else wrong(context, span, `events can come from ${names}`, "say which: events: {map: …, list: […]}");
  return undefined;
}

function findStruct(context: PlanContext, name: string, span: Written["span"]): DataType | undefined {
  const { structs } = context.object;
  const type = structs.find((candidate) => candidate.name === name.replace(/^(struct|union)\s+/, ""));
  if (type) return type;
  const names = structs.map((candidate) => candidate.name);
  // clang describes only what maps, globals and functions mention.
  const keep = `if the C source has it, keep it in the BTF: const struct ${name} *unused_${name} __attribute__((unused));`;
  const close = names.length > 0 ? suggest(name, names) : "";
  const hint = close.startsWith("did you mean") ? close : keep;
  wrong(context, span, `${context.object.name} knows no struct '${name}'`, hint);
  return undefined;
}

function compileEvent(context: PlanContext, type: DataType | undefined, written: Written): DataPattern {
  if (type) return compilePattern(type, type.sizeBytes, written);
  if (written.kind !== "scalar" || typeof written.value !== "string")
    throw harnessError("scenario", "without a type an event is written as hex digits in quotes", {
      span: written.span,
      hint: `or say which struct it is: events: {type: ${likelyStruct(context, written)}, list: […]}`,
    });
  if (written.value === "any") return { kind: "leaf", pattern: { kind: "any" }, span: written.span };
  return { kind: "leaf", pattern: { kind: "equals", value: bytesOf(written.value, written.span) }, span: written.span };
}

/** The one struct that has all the members that were written, or else a name to be replaced. */
function likelyStruct({ object }: PlanContext, written: Written): string {
  const keys = written.kind === "map" ? written.entries.map(({ key }) => key) : [];
  const fitting = object.structs.filter((type) => {
    const names = new Set(fieldsOf(type).map(({ name }) => name));
    return keys.length > 0 && keys.every((key) => names.has(key));
  });
  return fitting.length === 1 ? fitting[0]!.name : "…";
}

function bytesOf(text: string, span: Written["span"]): Uint8Array {
  try {
    return fromHex(text);
  } catch (cause) {
    throw harnessError("scenario", `'${text}' is not the bytes of an event in hex digits`, { span, cause });
  }
}
