import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageContents, PageIndex } from "../page-data.js";
import { readContents } from "./archive.js";
import { CaseList } from "./case-list.js";
import { CaseView } from "./case-view.js";
import { CoverageView } from "./coverage-view.js";
import { MeasurementsView } from "./measurements-view.js";
import { Overview } from "./overview.js";
import { useRoute, type Go, type Route, type View } from "./route.js";

const titles: Readonly<Record<View, string>> = {
  overview: "Overview",
  cases: "Cases",
  coverage: "Coverage",
  measurements: "Measurements",
};

/** What the page's script does. */
export function start(): void {
  render(<App contents={readContents()} />, document.getElementById("app")!);
}

/** The whole page: a bar, and below it what the route says. */
function App({ contents: { run, measurements } }: { contents: PageContents }) {
  const [route, go] = useRoute();
  const shown: readonly View[] = [
    ...(run ? (["overview", "cases"] as const) : []),
    ...(run?.coverage ? (["coverage"] as const) : []),
    ...(measurements.length > 0 ? (["measurements"] as const) : []),
  ];
  const view = shown.includes(route.view) ? route.view : shown[0];
  return (
    <>
      <header class="bar">
        <h1>
          <button class="brand" onClick={() => go({ view: shown[0]!, open: undefined })}>
            packet<b>proof</b>
          </button>
        </h1>
        <nav aria-label="Views">
          {shown.map((each) => (
            <button
              key={each}
              aria-current={each === view ? "page" : undefined}
              onClick={() => go({ view: each, file: undefined, ...(each === "cases" ? {} : { open: undefined }) })}
            >
              {titles[each]}
            </button>
          ))}
        </nav>
        {run && <Tally index={run} go={go} />}
        <ThemeButton />
      </header>
      <main>
        {run && view === "overview" && <Overview index={run} go={go} />}
        {run && view === "cases" && <Cases index={run} route={route} go={go} />}
        {view === "coverage" && <CoverageView route={route} go={go} />}
        {view === "measurements" && <MeasurementsView measurements={measurements} route={route} go={go} />}
      </main>
    </>
  );
}

/** How many of each outcome there are; each narrows the list to itself. */
function Tally({ index, go }: { index: PageIndex; go: Go }) {
  const kinds = (["failed", "error", "skipped", "passed"] as const).filter((kind) => index.totals[kind] > 0);
  return (
    <div class="tally">
      {kinds.map((kind) => (
        <button key={kind} class={kind} onClick={() => go({ view: "cases", filter: kind, open: undefined })}>
          <b>{index.totals[kind].toLocaleString("en")}</b> {kind === "error" ? "in error" : kind}
        </button>
      ))}
    </div>
  );
}

/** List and open case side by side; on a narrow screen one of them. */
function Cases({ index, route, go }: { index: PageIndex; route: Route; go: Go }) {
  const open = route.open === undefined ? undefined : index.cases[route.open];
  return (
    <div class={open ? "split opened" : "split"}>
      <CaseList index={index} route={route} go={go} />
      {open && <CaseView key={route.open} index={index} each={open} route={route} go={go} />}
    </div>
  );
}

/** Light and dark follow the system until one of them is asked for. */
function ThemeButton() {
  const [theme, setTheme] = useState<"" | "light" | "dark">("");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const isDark = theme === "dark" || (theme === "" && matchMedia("(prefers-color-scheme: dark)").matches);
  const other = isDark ? "light" : "dark";
  return (
    <button
      class="theme"
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={() => setTheme(other)}
    >
      {isDark ? "☀" : "☾"}
    </button>
  );
}
