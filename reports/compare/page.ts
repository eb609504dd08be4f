import { html, type Markup } from "../html/markup.js";
import { staticPage } from "../html/static-page.js";
import type { Comparison } from "./compare.js";
import { differenceKinds, type Difference } from "./difference.js";

const titles = { worse: "What got worse", changed: "What changed", better: "What got better" } as const;

/** Differences beyond those of a direction are counted. */
const mostRows = 1000;

/** A comparison as one HTML file. */
export async function renderComparison(
  comparison: Comparison,
  [before, after]: readonly [string, string],
): Promise<string> {
  const { differences, notes, compared } = comparison;
  const body = html`<header class="bar">
      <h1 class="brand">packet<b>proof</b></h1>
      <span class="dim">two runs compared</span>
    </header>
    <main class="sheet">
      <p>
        ${compared} results are in both runs: ${before}, and ${after}.
        ${differences.length === 0 ? "Nothing differs." : ""}
      </p>
      ${notes.map((note) => html`<p class="dim">${note}</p>`)}
      ${(["worse", "changed", "better"] as const).map((direction) =>
        directionSection(
          direction,
          differences.filter((difference) => difference.direction === direction),
        ),
      )}
    </main>`;
  return staticPage("packetproof: two runs compared", body);
}

function directionSection(direction: Difference["direction"], differences: readonly Difference[]): Markup | undefined {
  if (differences.length === 0) return undefined;
  const counts = differenceKinds.flatMap((kind) => {
    const count = differences.filter((difference) => difference.kind === kind).length;
    return count > 0 ? [`${count} × ${kind}`] : [];
  });
  const more = differences.length - mostRows;
  return html`<section class="${direction}">
    <h2>${titles[direction]} <span class="dim">${counts.join(", ")}</span></h2>
    <table class="counts">
      <thead>
        <tr>
          <th scope="col">where</th>
          <th scope="col">what</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        ${differences.slice(0, mostRows).map(
          ({ kind, where, what, before, after }) =>
            html`<tr>
              <td>${where}</td>
              <td>${what === "" ? kind : what}</td>
              <td><code>${before}</code></td>
              <td><code>${after}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 ? html`<p class="dim">and ${more} more</p>` : undefined}
  </section>`;
}
