import type { Paint } from "../terminal.js";
import { isFailing, nameOf, type History } from "./history.js";

const mostLines = 30;

/** A history for a terminal: what is unsteady, what fails, and the last run. */
export function historyText({ runs, cases }: History, paint: Paint): string {
  const flaky = cases.filter(({ flakeScore }) => flakeScore > 0);
  const failing = cases.filter((each) => each.flakeScore === 0 && isFailing(each));
  const lines = [
    ...flaky.map((each) => `${paint("yellow", `flaky ${each.flakeScore.toFixed(2)}`)}  ${nameOf(each)}`),
    ...failing.map((each) => `${paint("red", "fails")}  ${nameOf(each)}`),
  ];
  const last = runs.at(-1);
  const more = lines.length - mostLines;
  return [
    ...lines.slice(0, mostLines),
    ...(more > 0 ? [`… and ${more} more`] : []),
    `${runs.length} runs, ${cases.length} results in each at most: ${flaky.length} flaky, ${failing.length} failing` +
      (last
        ? `; the last one, ${last.startedAt}: ${last.totals.passed} passed, ${last.totals.failed + last.totals.error} failed in ${(last.durationMs / 1000).toFixed(1)} s`
        : ""),
  ].join("\n");
}
