import type { ObservedEvent } from "../model/observer.js";
import type { FieldValue } from "../model/packet.js";
import type { EventPattern, ObservedExpectation } from "../model/scenario.js";
import { formatIpv4, formatIpv6 } from "../packet/address.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { matchBag } from "./bag.js";
import { finding, quoted, type Finding } from "./finding.js";

/** So many events are shown where the expected one is not among them. */
const mostShown = 10;

/** What observers saw against what they had to see, in any order. */
export function judgeObserved(
  { observer, events, others }: ObservedExpectation,
  seen: readonly ObservedEvent[],
): Finding[] {
  const name = `observed.${observer.value}`;
  const present = events.filter(({ absent }) => !absent);
  const { unseen, unexpected } = matchBag(present, seen, fits);
  const findings = unseen.map((pattern) =>
    finding(
      name,
      patternText(pattern),
      seen.length === 0 ? "nothing" : "unseen",
      pattern.span,
      nearestFirst(pattern, seen),
    ),
  );
  for (const pattern of events.filter(({ absent }) => absent))
    for (const event of seen.filter((each) => fits(pattern, each)))
      findings.push(finding(name, `no ${patternText(pattern)}`, eventText(event), pattern.span));
  if (others === "absent")
    for (const event of unexpected) findings.push(finding(name, "no further event", eventText(event), observer.span));
  return findings;
}

function fits({ fields }: EventPattern, event: ObservedEvent): boolean {
  return Object.entries(fields).every(([name, { value: pattern }]) => {
    const value = event[name];
    return value !== undefined && matchPattern(pattern, value);
  });
}

/** The events that have most in common with the pattern. */
function nearestFirst({ fields }: EventPattern, seen: readonly ObservedEvent[]): readonly string[] {
  const likeness = (event: ObservedEvent): number =>
    Object.entries(fields).filter(([name, field]) =>
      fits({ fields: { [name]: field }, absent: false, span: field.span }, event),
    ).length;
  const sorted = seen.toSorted((a, b) => likeness(b) - likeness(a));
  const rest = seen.length > mostShown ? [`… and ${seen.length - mostShown} more`] : [];
  return [...sorted.slice(0, mostShown).map((event) => `seen: ${eventText(event)}`), ...rest];
}

function patternText({ fields }: EventPattern): string {
  const parts = Object.entries(fields).map(
    ([name, { value }]) => `${name} ${formatPattern(undefined, readable(value))}`,
  );
  return parts.join(", ") || "an event";
}

function readable(pattern: EventPattern["fields"][string]["value"]): typeof pattern {
  return pattern.kind === "equals" ? { kind: "equals", value: valueText(pattern.value) } : pattern;
}

/** An event for a person to read: `comm curl, dport 80`. */
function eventText(event: ObservedEvent): string {
  return Object.entries(event)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(", ");
}

function valueText(value: FieldValue): string {
  if (value instanceof Uint8Array) return value.length === 4 ? formatIpv4(value) : formatIpv6(value);
  return typeof value === "string" ? quoted(value) : String(value);
}
