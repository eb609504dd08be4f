import type { PathEvidence } from "../model/evidence.js";

/** The way of packets as a failure's text has it, one line an event; a drop's stack is a line of its own. */
export function pathLines({ events, omitted, counters }: PathEvidence): string[] {
  const lines = events.map(({ afterNs, place, text, stack }) => {
    const after = `+${(afterNs / 1000).toFixed(0)} µs`.padStart(10);
    const below = stack.length > 0 ? `\n${" ".repeat(14)}${stack.join(" < ")}` : "";
    return `${after}  ${place}  ${text}${below}`;
  });
  return [
    ...(lines.length > 0 ? ["seen when it was run once more:", ...lines] : []),
    ...(omitted > 0 ? [`… and ${omitted} more`] : []),
    ...(counters.length > 0 ? [`interface counters since the case began: ${counters.join(", ")}`] : []),
  ];
}
