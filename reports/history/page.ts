import type { OutcomeKind } from "../../harness/model/outcome.js";
import { html, type Markup } from "../html/markup.js";
import { staticPage } from "../html/static-page.js";
import { isFailing, type CaseHistory, type History, type PastRun } from "./history.js";

/** Runs and cases beyond those are left out; the latest runs are kept. */
const mostRuns = 60;
const mostCases = 300;

/** A history as one static HTML file: runs from left to right, and what is unsteady or fails. */
export async function renderHistory({ runs, cases }: History): Promise<string> {
  const skip = Math.max(0, runs.length - mostRuns);
  const troubled = cases.filter((each) => each.flakeScore > 0 || isFailing(each));
  const shown = runs.slice(skip);
  const body = html`<header class="bar">
      <h1 class="brand">packet<b>proof</b></h1>
      <span class="dim"
        >history of ${runs.length} runs${skip > 0 ? `, of which the latest ${mostRuns} are shown` : ""}</span
      >
    </header>
    <main class="sheet">
      <section>
        <h2>Trend</h2>
        ${bars(
          "failed",
          shown.map(({ totals }) => totals.failed + totals.error),
        )}
        ${bars(
          "seconds",
          shown.map(({ durationMs }) => durationMs / 1000),
        )}
      </section>
      <section>
        <h2>Unsteady or failing <span class="dim">${troubled.length} of ${cases.length}</span></h2>
        ${
          troubled.length === 0
            ? html`<p>Every case does the same in every run, and passes.</p>`
            : html`<table class="counts">
                <thead>
                  <tr>
                    <th scope="col">case</th>
                    <th scope="col">backend</th>
                    <th scope="col" class="number">flake score</th>
                    <th scope="col">earliest to latest</th>
                  </tr>
                </thead>
                <tbody>
                  ${troubled.slice(0, mostCases).map((each) => caseRow(each, skip))}
                </tbody>
              </table>`
        }
      </section>
      <section>
        <h2>Runs</h2>
        <table class="counts">
          <thead>
            <tr>
              <th scope="col">started</th>
              <th scope="col">kernel</th>
              <th scope="col" class="number">passed</th>
              <th scope="col" class="number">failed</th>
              <th scope="col" class="number">skipped</th>
              <th scope="col" class="number">seconds</th>
            </tr>
          </thead>
          <tbody>
            ${[...shown].reverse().map(runRow)}
          </tbody>
        </table>
      </section>
    </main>`;
  return staticPage("packetproof: history", body);
}

function runRow({ startedAt, environment, totals, durationMs }: PastRun): Markup {
  return html`<tr>
    <td>${startedAt.replace("T", " ").replace(/\.\d+Z$/, "")}</td>
    <td>${environment.kernel}</td>
    <td class="number passed">${totals.passed}</td>
    <td class="number failed">${totals.failed + totals.error}</td>
    <td class="number skipped">${totals.skipped}</td>
    <td class="number">${(durationMs / 1000).toFixed(1)}</td>
  </tr>`;
}

const marks: Readonly<Record<OutcomeKind, string>> = { passed: "✓", failed: "✗", skipped: "–", error: "!" };

function caseRow({ file, case: name, backend, flakeScore, outcomes }: CaseHistory, skip: number): Markup {
  const strip = outcomes
    .slice(skip)
    .map((outcome) =>
      outcome === null
        ? html`<span class="mark none"></span>`
        : html`<span class="mark ${outcome}" title="${outcome}">${marks[outcome]}</span>`,
    );
  return html`<tr>
    <td>${name}<br /><span class="path dim">${file}</span></td>
    <td>${backend}</td>
    <td class="number">${flakeScore > 0 ? flakeScore.toFixed(2) : ""}</td>
    <td>${strip}</td>
  </tr>`;
}

const barWidth = 12;
const barsHeight = 60;

/** One bar a run; the largest is as high as there is room. */
function bars(name: string, values: readonly number[]): Markup {
  const most = Math.max(...values, 0);
  const width = Math.max(1, values.length) * barWidth;
  const rects = values.map((value, i) => {
    const height = most === 0 ? 0 : (value / most) * barsHeight;
    const title = Number.isInteger(value) ? value : value.toFixed(1);
    return html`<rect x="${i * barWidth}" y="${barsHeight - height}" width="${barWidth - 2}" height="${height}"
      ><title>${title}</title></rect
    >`;
  });
  const last = values.at(-1) ?? 0;
  return html`<p class="bars ${name}">
    <span
      >${name}: at most ${Number.isInteger(most) ? most : most.toFixed(1)}, at last
      ${Number.isInteger(last) ? last : last.toFixed(1)}</span
    >
    <svg
      viewBox="0 0 ${width} ${barsHeight}"
      width="${width}"
      height="${barsHeight}"
      role="img"
      aria-label="${name} by run"
    >
      ${rects}
    </svg>
  </p>`;
}
