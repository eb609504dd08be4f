import type { EventObservation, PrintkObservation } from "../model/observation.js";
import type { Pattern } from "../model/packet.js";
import type { DataPattern, PlannedEvents, PlannedExpectation } from "../model/plan.js";
import type { Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { toHex } from "../model/hex.js";
import { leafValue } from "../data/decode.js";
import { fieldsOf } from "../data/fields.js";
import { formatData } from "../data/format.js";
import { matchData } from "../data/match.js";
import { formatPattern, matchPattern } from "../packet/pattern.js";
import { matchBag } from "./bag.js";
import { finding, mendable, quoted, type Finding } from "./finding.js";

/** Ring buffer and perf buffer records against the events that the scenario lists; anything beyond these is a failure. */
export function judgeEvents(expectation: PlannedEvents, observed: readonly EventObservation[]): Finding[] {
  const { type, span, events } = expectation;
  const name = `events.${expectation.map}`;
  const shown = (event: EventObservation): string => (type ? formatData(type, event.bytes) : toHex(event.bytes));
  const differences = (pattern: DataPattern, event: EventObservation) =>
    matchData(type, event.bytes.length, pattern, event.bytes);
  const findings: Finding[] = [];
  const lost = observed.reduce((sum, event) => sum + event.lost, 0);
  findings.push(...judgeNumber(`${name}.lost`, expectation.lost ?? none(span), lost));
  if (expectation.count) findings.push(...judgeNumber(`${name}.count`, expectation.count, observed.length));
  findings.push(...judgeAscending(name, expectation, observed));
  if (!expectation.ordered) {
    const { unseen, unexpected } = matchBag(events, observed, (p, event) => differences(p, event).length === 0);
    for (const pattern of unseen) findings.push(finding(name, "seen", "unseen", pattern.span));
    if (!expectation.count)
      for (const event of unexpected) findings.push(finding(name, "no further event", shown(event), span));
    return findings;
  }
  events.forEach((pattern, i) => {
    const event = observed[i];
    if (!event) {
      findings.push(finding(`${name}[${i}]`, "seen", `unseen: ${observed.length} in all`, pattern.span));
      return;
    }
    for (const difference of differences(pattern, event)) {
      const { path, expected, actual, span: at } = difference;
      const found = finding(`${name}[${i}]${path}`, expected, actual, at, [`event ${shown(event)}`]);
      findings.push(mendable(found, difference, actual));
    }
  });
  if (expectation.count) return findings;
  for (const event of observed.slice(events.length))
    findings.push(finding(name, "no further event", shown(event), span));
  return findings;
}

function none(span: Span): Located<Pattern> {
  return { value: { kind: "equals", value: 0 }, span };
}

function judgeNumber(name: string, { value: pattern, span }: Located<Pattern>, actual: number): Finding[] {
  if (matchPattern(pattern, actual)) return [];
  return [mendable(finding(name, formatPattern(undefined, pattern), String(actual), span), pattern, String(actual))];
}

/** The first event that is out of order; what comes behind it says nothing more. */
function judgeAscending(
  name: string,
  { type, ascending }: PlannedEvents,
  observed: readonly EventObservation[],
): Finding[] {
  if (type?.kind !== "struct" || !ascending) return [];
  const field = fieldsOf(type).find((candidate) => candidate.name === ascending.value);
  if (!field) return [];
  const values = observed.map(({ bytes }) => leafValue(field.type, bytes, field.offsetBits, field.bitfieldBits));
  const at = values.findIndex((value, i) => i > 0 && value <= values[i - 1]!);
  if (at < 0) return [];
  const expected = `more than ${String(values[at - 1])}`;
  return [finding(`${name}[${at}].${field.name}`, expected, String(values[at]), ascending.span)];
}

/** bpf_printk lines, in order; lines beyond the list are a failure. */
export function judgePrintk(
  expectation: NonNullable<PlannedExpectation["printk"]>,
  observed: readonly PrintkObservation[],
): Finding[] {
  const patterns = expectation.value;
  const findings = patterns.flatMap(({ value: pattern, span }, i) => {
    const line = observed[i];
    if (line && pattern.test(line.text)) return [];
    return [finding(`printk line ${i + 1}`, String(pattern), line ? quoted(line.text) : "no such line", span)];
  });
  for (const [i, line] of observed.slice(patterns.length).entries()) {
    const name = `printk line ${patterns.length + i + 1}`;
    findings.push(finding(name, "no further line", quoted(line.text), expectation.span));
  }
  return findings;
}
