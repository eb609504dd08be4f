import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { BenchContender, BenchGroup } from "../../../harness/model/bench.js";
import { ninesOf, percentiles, shares, tail } from "./distribution.js";
import { axisStyle, nsText, Plot, seriesColour, trimmed } from "./plot.js";

/** How single round trips or operations are distributed: all of it as shares, and its tail with percentiles marked. */
export function LatencyPlots({ group }: { group: BenchGroup }) {
  const measured = group.contenders.filter(({ latency }) => latency);
  const [cdf, histogram] = useMemo(() => [cdfPlot(measured), histogramPlot(measured)], [group]);
  const names = measured.map(({ title }) => title).join(", ");
  return (
    <div class="plots">
      <figure>
        <figcaption>
          Cumulative <span class="dim">so many are done in at most that time; percentiles marked</span>
        </figcaption>
        <Plot label={`Cumulative distribution of ${names}`} {...cdf} />
      </figure>
      <figure>
        <figcaption>
          Histogram <span class="dim">share of samples in buckets of equal relative width</span>
        </figcaption>
        <Plot label={`Histogram of ${names}`} {...histogram} />
      </figure>
    </div>
  );
}

const timeAxis: uPlot.Axis = {
  ...axisStyle,
  values: (_, splits) => splits.map((value: number | null) => (value === null ? "" : nsText(value))),
};

const timeSeries: uPlot.Series = { label: "time", value: (_, value) => (value === null ? "" : nsText(value)) };

/** Shares on the axis of the tail: `99.9 %`. */
function shareText(nines: number): string {
  return `${trimmedShare(100 * (1 - 10 ** -nines))} %`;
}

function trimmedShare(percent: number): string {
  return percent > 99 ? String(Number(percent.toFixed(4))) : trimmed(percent);
}

const marks = [{ part: 0 }, ...percentiles, { part: 0.9999 }, { part: 0.99999 }].map(({ part }) => ninesOf(part));

function cdfPlot(contenders: readonly BenchContender[]) {
  const tails = contenders.map(({ latency }) => tail(latency!.histogram));
  const data = uPlot.join(tails.map(({ x, nines }): uPlot.AlignedData => [x, nines]));
  const most = Math.max(1, ...tails.map(({ nines }) => nines.at(-1) ?? 0));
  return {
    data,
    options: {
      scales: { x: { distr: 3, time: false }, y: { range: () => [0, most * 1.03] } },
      axes: [
        timeAxis,
        {
          ...axisStyle,
          size: 60,
          splits: () => marks.filter((nines) => nines <= most),
          values: (_: uPlot, splits: number[]) => splits.map(shareText),
        },
      ],
      series: [
        timeSeries,
        ...contenders.map(({ title }, i): uPlot.Series => ({
          label: title,
          stroke: seriesColour(i),
          width: 1.5,
          spanGaps: true,
          value: (_, value) => (value === null ? "–" : shareText(value)),
          points: { show: true, size: 7, fill: seriesColour(i), filter: (plot, n) => percentilePoints(plot.data[n]!) },
        })),
      ],
    } satisfies Parameters<typeof Plot>[0]["options"],
  };
}

/** Indexes of the first points at or beyond each percentile. */
function percentilePoints(values: ArrayLike<number | null | undefined>): number[] {
  const all = Array.from(values);
  return percentiles
    .map(({ part }) => all.findIndex((value) => typeof value === "number" && value >= ninesOf(part) - 1e-9))
    .filter((index) => index >= 0);
}

function histogramPlot(contenders: readonly BenchContender[]) {
  const { x, percents } = shares(contenders.map(({ latency }) => latency!.histogram));
  const stepped = uPlot.paths.stepped!({ align: 1 });
  return {
    data: [x, ...percents] as uPlot.AlignedData,
    options: {
      scales: { x: { distr: 3, time: false }, y: { range: (_: uPlot, __: number, most: number) => [0, most * 1.05] } },
      axes: [
        timeAxis,
        { ...axisStyle, size: 60, values: (_: uPlot, splits: number[]) => splits.map((each) => `${trimmed(each)} %`) },
      ],
      series: [
        { ...timeSeries, label: "from" },
        ...contenders.map(({ title }, i): uPlot.Series => ({
          label: title,
          stroke: seriesColour(i),
          fill: () => seriesColour(i)().replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)"),
          width: 1.5,
          paths: stepped,
          points: { show: false },
          value: (_, value) => (value === null ? "–" : `${trimmed(value)} %`),
        })),
      ],
    } satisfies Parameters<typeof Plot>[0]["options"],
  };
}
