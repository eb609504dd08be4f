import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { BenchUnit } from "../../../harness/model/bench.js";

type Options = Omit<uPlot.Options, "width" | "height">;

/** A plot as wide as its place, in the page's colours; `label` says in words what it shows. */
export function Plot(props: { label: string; options: Options; data: uPlot.AlignedData; height?: number }) {
  const { label, options, data, height = 300 } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot({ ...options, width: element.clientWidth, height }, data, element);
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    // Colours are read when it is drawn.
    const again = (): void => plot.redraw(false);
    const themed = new MutationObserver(again);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    return () => {
      sized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", again);
      plot.destroy();
    };
  }, [options, data]);
  return <div class="plot" role="img" aria-label={label} ref={place} />;
}

/** Colours of the style sheet, by name, as they are now. */
export function colour(name: string): () => string {
  return () => resolved(`var(--${name})`);
}

/** Of the nth series; after eight they come again. */
export function seriesColour(n: number): () => string {
  return colour(`series-${n % 8}`);
}

let probe: HTMLElement | undefined;

/** A canvas knows no custom properties and no light-dark(). */
function resolved(value: string): string {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = value;
  return getComputedStyle(probe).color;
}

/** Lines and numbers of an axis. */
export const axisStyle = {
  stroke: colour("dim"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { stroke: colour("line"), width: 1 },
} as const satisfies uPlot.Axis;

/** `850`, `12 k`, `3.4 M`. */
export function countText(value: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (Math.abs(value) >= size) return `${trimmed(value / size)} ${unit}`;
  return trimmed(value);
}

/** `850 ns`, `12.5 µs`, `3.4 ms`. */
export function nsText(ns: number): string {
  if (ns < 1000) return `${trimmed(ns)} ns`;
  if (ns < 1e6) return `${trimmed(ns / 1e3)} µs`;
  return ns < 1e9 ? `${trimmed(ns / 1e6)} ms` : `${trimmed(ns / 1e9)} s`;
}

/** A figure with its unit, as short as it can be read. */
export function valueText(value: number, unit: BenchUnit): string {
  const ns = { ns: 1, µs: 1e3, ms: 1e6 }[unit as string];
  return ns === undefined ? `${countText(value)} ${unit}` : nsText(value * ns);
}

/** Only of powers of ten are there lines. */
export function decades(_: uPlot, splits: readonly number[]): (number | null)[] {
  return splits.map((value) => (Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9) ? value : null));
}

/** Three digits that mean something. */
export function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}
