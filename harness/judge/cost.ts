import type { CostObservation } from "../model/observation.js";
import type { Pattern } from "../model/packet.js";
import type { CostExpectation, Located } from "../model/scenario.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { finding, mendable, type Finding } from "./finding.js";

/** What of a run cost more, or less, than the scenario says. */
export function judgeCost(expected: CostExpectation, seen: CostObservation): Finding[] {
  const { instructions, helpers, maps } = expected;
  return [
    ...(instructions ? compare("cost.instructions", instructions, seen.instructions, seen) : []),
    ...helpers.flatMap(({ name, calls }) =>
      compare(`cost.helpers.${name.value}`, calls, seen.helpers[name.value] ?? 0, seen),
    ),
    ...maps.flatMap(({ map, operation, calls }) => {
      const all = seen.maps[map.value] ?? {};
      const count = operation === undefined ? sum(Object.values(all)) : (all[operation] ?? 0);
      const name = `cost.maps.${map.value}${operation === undefined ? "" : `.${operation}`}`;
      return compare(name, calls, count, seen);
    }),
  ];
}

function compare(what: string, { value, span }: Located<Pattern>, count: number, seen: CostObservation): Finding[] {
  if (matchPattern(value, count)) return [];
  const details = [`cost            ${costText(seen)}`];
  return [mendable(finding(what, formatPattern(undefined, value), String(count), span, details), value, String(count))];
}

/** `53 instructions, bpf_map_lookup_elem 1, bpf_fib_lookup 1`. */
function costText({ instructions, helpers }: CostObservation): string {
  return [`${instructions} instructions`, ...Object.entries(helpers).map(([name, calls]) => `${name} ${calls}`)].join(
    ", ",
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
