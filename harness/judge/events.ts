import type { EventObservation, PrintkObservation } from "../model/observation.js";
import type { DataPattern, PlannedEvents, PlannedExpectation } from "../model/plan.js";
import { toHex } from "../model/hex.js";
import { formatData } from "../data/format.js";
import { matchData } from "../data/match.js";
import { matchBag } from "./bag.js";
import { finding, quoted, type Finding } from "./finding.js";

/** Ring buffer and perf buffer records against the events that the scenario lists; anything beyond these is a failure. */
export function judgeEvents(expectation: PlannedEvents, observed: readonly EventObservation[]): Finding[] {
  const { type, span, events } = expectation;
  const name = `events.${expectation.map}`;
  const shown = (event: EventObservation): string => (type ? formatData(type, event.bytes) : toHex(event.bytes));
  const differences = (pattern: DataPattern, event: EventObservation) =>
    matchData(type, event.bytes.length, pattern, event.bytes);
  const findings: Finding[] = [];
  const lost = observed.reduce((sum, event) => sum + event.lost, 0);
  if (lost > 0) findings.push(finding(`${name}.lost`, "0", String(lost), span));

  if (!expectation.ordered) {
    const { unseen, unexpected } = matchBag(events, observed, (p, event) => differences(p, event).length === 0);
    for (const pattern of unseen) findings.push(finding(name, "seen", "unseen", pattern.span));
    for (const event of unexpected) findings.push(finding(name, "no further event", shown(event), span));
    return findings;
  }
  events.forEach((pattern, i) => {
    const event = observed[i];
    if (!event) {
      findings.push(finding(`${name}[${i}]`, "seen", `unseen: ${observed.length} in all`, pattern.span));
      return;
    }
    for (const { path, expected, actual, span: at } of differences(pattern, event)) {
      findings.push(finding(`${name}[${i}]${path}`, expected, actual, at, [`event ${shown(event)}`]));
    }
  });
  for (const event of observed.slice(events.length))
    findings.push(finding(name, "no further event", shown(event), span));
  return findings;
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
