import type { Condition, Rule, RuleEvent, RuleField, RuleOperator, RuleSet } from "../model/rules.js";

/** The rules that an event trips, in the order of their files. */
export function trippedBy(sets: readonly RuleSet[], event: RuleEvent): readonly Rule[] {
  return sets.flatMap(({ rules }) => rules.filter(({ condition }) => holds(condition, event)));
}

/** Whether a condition is true of an event. What an event does not say is equal to nothing. */
export function holds(condition: Condition, event: RuleEvent): boolean {
  switch (condition.kind) {
    case "and":
      return condition.parts.every((part) => holds(part, event));
    case "or":
      return condition.parts.some((part) => holds(part, event));
    case "not":
      return !holds(condition.part, event);
    case "compare": {
      const actual = event[condition.field];
      return actual !== undefined && compares[condition.operator](actual, condition.values);
    }
  }
}

const compares: Readonly<Record<RuleOperator, (actual: string, values: readonly string[]) => boolean>> = {
  "=": (actual, [value]) => actual === value,
  "!=": (actual, [value]) => actual !== value,
  "<": (actual, [value]) => Number(actual) < Number(value),
  "<=": (actual, [value]) => Number(actual) <= Number(value),
  ">": (actual, [value]) => Number(actual) > Number(value),
  ">=": (actual, [value]) => Number(actual) >= Number(value),
  in: (actual, values) => values.includes(actual),
  contains: (actual, [value]) => actual.includes(value!),
  icontains: (actual, [value]) => actual.toLowerCase().includes(value!.toLowerCase()),
  startswith: (actual, [value]) => actual.startsWith(value!),
  endswith: (actual, [value]) => actual.endsWith(value!),
  glob: (actual, [value]) => globOf(value!).test(actual),
  // Whole parts of a path: /usr/bin matches /usr/bin/x and not /usr/binaries.
  pmatch: (actual, values) => values.some((value) => `${actual}/`.startsWith(`${value.replace(/\/+$/, "")}/`)),
  exists: () => true,
};

/** `*` stands for any text, `?` for one character. */
function globOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${source}$`);
}

/** A rule's output line with its fields filled in; what an event does not say is `<NA>`, as Falco prints it. */
export function outputLine(rule: Rule, event: RuleEvent): string {
  return rule.output.replace(/%([a-z][a-z0-9_.]*[a-z0-9_])/g, (_, name: string) => event[name as RuleField] ?? "<NA>");
}
