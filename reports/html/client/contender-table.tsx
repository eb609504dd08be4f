import type { BenchContender, BenchEffect, BenchGroup } from "../../../harness/model/bench.js";
import { nsText, trimmed, valueText } from "./plot.js";

/** A group's figures: medians with their intervals, how they stand to the baseline, percentiles, exact counts. */
export function ContenderTable({ group }: { group: BenchGroup }) {
  const { contenders, unit, baseline, better } = group;
  const most = Math.max(...contenders.map(({ estimate }) => estimate.high));
  const columns = extraColumns.filter(({ of }) => contenders.some((each) => of(each) !== undefined));
  const counts = [...new Set(contenders.flatMap(({ counts = {} }) => Object.keys(counts)))];
  return (
    <div class="scrolled">
      <table class="counts contenders">
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col">{better} is better</th>
            <th scope="col" class="number">
              median, 95 %
            </th>
            <th scope="col">against {contenders.find(({ id }) => id === baseline)?.title ?? baseline}</th>
            {[...columns.map(({ title }) => title), ...counts].map((title) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {contenders.map((each) => (
            <tr key={each.id}>
              <th scope="row">{each.title}</th>
              <td>
                <Interval contender={each} most={most} />
              </td>
              <td class="number">
                <b>{valueText(each.estimate.middle, unit)}</b>{" "}
                <span class="dim">
                  {valueText(each.estimate.low, unit)} – {valueText(each.estimate.high, unit)}
                </span>
              </td>
              <td>
                <Effect effect={each.effect} />
              </td>
              {columns.map(({ title, of }) => (
                <td key={title} class="number">
                  {of(each) ?? "–"}
                </td>
              ))}
              {counts.map((title) => (
                <td key={title} class="number">
                  {each.counts?.[title] === undefined ? "–" : trimmed(each.counts[title])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const extraColumns: readonly { readonly title: string; readonly of: (each: BenchContender) => string | undefined }[] = [
  { title: "p50", of: ({ latency }) => latency && nsText(latency.p50Ns) },
  { title: "p90", of: ({ latency }) => latency && nsText(latency.p90Ns) },
  { title: "p99", of: ({ latency }) => latency && nsText(latency.p99Ns) },
  { title: "p99.9", of: ({ latency }) => latency && nsText(latency.p999Ns) },
  { title: "most", of: ({ latency }) => latency && nsText(latency.maxNs) },
  { title: "lost", of: ({ loss }) => loss && `${loss.lost.toLocaleString("en")} of ${loss.sent.toLocaleString("en")}` },
  { title: "instructions", of: ({ exact }) => exact?.instructions?.toLocaleString("en") },
  { title: "verified", of: ({ exact }) => exact?.verifiedInstructions?.toLocaleString("en") },
  { title: "machine code", of: ({ exact }) => bytesText(exact?.jitedBytes) },
];

function bytesText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${bytes.toLocaleString("en")} B`;
}

/** The median as a bar from nothing, the interval as its end. */
function Interval({ contender: { estimate }, most }: { contender: BenchContender; most: number }) {
  const { low, middle, high } = estimate;
  const percent = (value: number): string => `${(100 * value) / most}%`;
  return (
    <span class="interval" aria-hidden="true">
      <span class="bar-of" style={{ width: percent(middle) }} />
      <span class="whisker" style={{ left: percent(low), width: percent(high - low) }} />
    </span>
  );
}

function Effect({ effect }: { effect: BenchEffect | undefined }) {
  if (!effect) return <span class="dim">is the baseline</span>;
  const { ratio, verdict } = effect;
  return (
    <>
      <b class={{ better: "passed", worse: "failed", none: "" }[verdict]}>×{trimmed(ratio.middle)}</b>{" "}
      <span class="dim">
        {trimmed(ratio.low)}–{trimmed(ratio.high)}
        {verdict === "none" && ", not told apart"}
      </span>
    </>
  );
}
