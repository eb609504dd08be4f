import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import type { BenchContender, BenchGroup } from "../../../harness/model/bench.js";
import { axisStyle, countText, decades, Plot, seriesColour, valueText } from "./plot.js";

/** How cost grows with a number, on logarithmic axes: a straight line is a power, its steepness the exponent. */
export function CurvePlot({ group }: { group: BenchGroup }) {
  const { axis, growth = [] } = group;
  const plot = useMemo(() => curves(group), [group]);
  return (
    <figure>
      <figcaption>
        By {axis?.title ?? "x"} <span class="dim">medians with their 95 % intervals</span>
      </figcaption>
      <Plot label={`${group.title}: ${group.unit} by ${axis?.title ?? "x"}, logarithmic axes`} {...plot} />
      {growth.length > 0 && (
        <table class="plain growth" aria-label="Growth">
          <thead>
            <tr>
              <th scope="col">series</th>
              <th scope="col">grows as</th>
              <th scope="col">95 % interval of the exponent</th>
            </tr>
          </thead>
          <tbody>
            {growth.map(({ series, exponent: { middle, low, high } }) => (
              <tr key={series}>
                <th scope="row">{series}</th>
                <td>
                  x<sup>{middle.toFixed(2)}</sup>
                </td>
                <td>
                  {low.toFixed(2)} to {high.toFixed(2)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </figure>
  );
}

function curves({ contenders, unit, axis }: BenchGroup) {
  const names = [...new Set(contenders.flatMap(({ series }) => series ?? []))];
  const xs = [...new Set(contenders.flatMap(({ x }) => x ?? []))].sort((a, b) => a - b);
  const at = (name: string, x: number): BenchContender | undefined =>
    contenders.find((each) => each.series === name && each.x === x);
  const column = (name: string, of: "middle" | "low" | "high") => xs.map((x) => at(name, x)?.estimate[of] ?? null);
  const bound: uPlot.Series = { width: 0, points: { show: false }, class: "bound", spanGaps: true };
  return {
    data: [
      xs,
      ...names.flatMap((name) => [column(name, "middle"), column(name, "high"), column(name, "low")]),
    ] as uPlot.AlignedData,
    options: {
      scales: { x: { distr: 3, time: false }, y: { distr: 3 } },
      axes: [
        {
          ...axisStyle,
          filter: decades,
          values: (_, splits) => splits.map((x: number | null) => (x === null ? "" : countText(x))),
        },
        {
          ...axisStyle,
          size: 72,
          grid: { ...axisStyle.grid, filter: decades },
          filter: decades,
          values: (_, splits) => splits.map((y: number | null) => (y === null ? "" : valueText(y, unit))),
        },
      ],
      bands: names.map((_, i) => ({
        series: [3 * i + 2, 3 * i + 3],
        fill: () => seriesColour(i)().replace(/^rgb\((.*)\)$/, "rgba($1, 0.15)"),
      })),
      series: [
        { label: axis?.title ?? "x", value: (_, x) => (x === null ? "" : countText(x)) },
        ...names.flatMap((name, i): uPlot.Series[] => [
          {
            label: name,
            stroke: seriesColour(i),
            width: 1.5,
            spanGaps: true,
            points: { show: true, size: 6, fill: seriesColour(i) },
            value: (_, y) => (y === null ? "–" : valueText(y, unit)),
          },
          bound,
          bound,
        ]),
      ],
    } satisfies Parameters<typeof Plot>[0]["options"] as Parameters<typeof Plot>[0]["options"],
  };
}
