import { nearest } from "../model/nearest.js";
import { observerNames, observers, type ExpectableObserver, type ObservedField } from "../model/observer.js";
import type { Pattern } from "../model/packet.js";
import type { EventPattern, Located, ObservedExpectation, Observing } from "../model/scenario.js";
import { isIpv6 } from "./addresses.js";
import {
  type Decoder,
  type Invalid,
  allOf,
  byKind,
  invalid,
  list,
  listOrOne,
  located,
  mistyped,
  refined,
} from "./decoder.js";
import type { Definitions, JsonSchema } from "./json-schema.js";
import type { Node } from "./node.js";
import { object, required } from "./object.js";
import { fieldPattern, textPattern } from "./pattern.js";
import { oneOf, word } from "./scalars.js";

export const observeDoc = "who watches what else happens in the hosts while the case runs";

const meanings = Object.fromEntries(observerNames.map((name) => [name, observers[name].doc])) as Record<
  ExpectableObserver,
  string
>;

const named = refined(oneOf("an observer", meanings), (observer, node, report): Observing | Invalid =>
  observer === "rules"
    ? report(node.span, "'rules' needs the file with the rules", "write {rules: FILE}")
    : { observer, rules: undefined, span: node.span },
);

const withRules = refined(
  object("an observer", {
    rules: required(located(word("a file name")), "a Falco rule file, relative to this file", "shell.rules.yaml"),
  }),
  ({ rules }, node): Observing => ({ observer: "rules", rules, span: node.span }),
);

/** `observe:`: names of observers, and rule files. */
export const observing: Decoder<readonly Observing[]> = listOrOne(
  byKind("the name of an observer, or {rules: FILE}", { scalar: named, map: withRules }),
);

/** `observed:`: events by observer. */
export const observedEvents: Decoder<readonly ObservedExpectation[]> = {
  decode(node, report) {
    if (node.kind !== "map")
      return mistyped(node, "events by observer", report, "for example: {drops: [{reason: NETFILTER_DROP}]}");
    return allOf(
      node.entries.map(({ key, keySpan, value }) => {
        const observer = observerNames.find((name) => name === key);
        if (!observer) {
          const near = nearest(key, observerNames);
          return report(keySpan, `there is no observer '${key}'`, near ? `did you mean '${near}'?` : known);
        }
        const events = eventsOf(observer).decode(value, report);
        return events === invalid ? invalid : { observer: { value: observer, span: keySpan }, ...events };
      }),
    );
  },
  schema: (definitions) => ({
    type: "object",
    properties: Object.fromEntries(
      observerNames.map((name) => [name, { description: observers[name].doc, ...eventsOf(name).schema(definitions) }]),
    ),
    additionalProperties: false,
  }),
};

const known = `there are: ${observerNames.join(", ")}`;

function eventsOf(observer: ExpectableObserver): Decoder<Pick<ObservedExpectation, "events" | "others">> {
  const events = list(eventPattern(observer), "a list of events");
  return byKind("a list of events, or {exactly: […]}", {
    list: refined(events, (found) => ({ events: found, others: "any" as const })),
    map: refined(
      object("what is observed", { exactly: required(events, "these events, and no others", []) }),
      ({ exactly }) => ({ events: exactly, others: "absent" as const }),
    ),
  });
}

/** One event: its fields as patterns, or with `absent: true` what no event may be like. */
function eventPattern(observer: ExpectableObserver): Decoder<EventPattern> {
  const fields: Readonly<Record<string, ObservedField>> = observers[observer].fields;
  const names = Object.keys(fields);
  return {
    decode(node, report) {
      if (node.kind !== "map") return mistyped(node, "an event's fields", report, `its fields: ${names.join(", ")}`);
      const patterns: Record<string, Located<Pattern>> = {};
      let valid = true;
      let absent = false;
      for (const { key, keySpan, value } of node.entries) {
        const field = fields[key];
        if (key === "absent" && value.kind === "scalar" && value.value === true) {
          absent = true;
          continue;
        }
        const near = nearest(key, [...names, "absent"]);
        const hint = near ? `did you mean '${near}'?` : `its fields: ${names.join(", ")}`;
        const pattern = field
          ? patternOf(key, field).decode(value, report)
          : report(keySpan, `events of '${observer}' have no '${key}'`, hint);
        if (pattern === invalid) valid = false;
        else patterns[key] = { value: pattern, span: value.span };
      }
      return valid ? { fields: patterns, absent, span: node.span } : invalid;
    },
    schema(definitions: Definitions): JsonSchema {
      const properties = names.map((name): [string, JsonSchema] => [
        name,
        { description: fields[name]!.doc, ...patternOf(name, fields[name]!).schema(definitions) },
      ]);
      const absent: JsonSchema = { const: true, description: "true: no event may be like this" };
      return {
        type: "object",
        properties: { ...Object.fromEntries(properties), absent },
        additionalProperties: false,
      };
    },
  };
}

function patternOf(name: string, { kind, doc }: ObservedField): Decoder<Pattern> {
  if (kind === "text") return textPattern;
  if (kind === "uint") return fieldPattern({ name, kind: "uint", sizeBits: 64, doc });
  const ipv4 = fieldPattern({ name, kind: "ipv4", sizeBits: 32, doc });
  const ipv6 = fieldPattern({ name, kind: "ipv6", sizeBits: 128, doc });
  return {
    decode: (node, report) => (mentionsIpv6(node) ? ipv6 : ipv4).decode(node, report),
    schema: (definitions) => ({ anyOf: [ipv4.schema(definitions), ipv6.schema(definitions)] }),
  };
}

function mentionsIpv6(node: Node): boolean {
  if (node.kind === "scalar") return isIpv6(node.source);
  return node.kind === "list" ? node.items.some(mentionsIpv6) : node.entries.some(({ value }) => mentionsIpv6(value));
}
