import { deflateRawSync } from "node:zlib";
import type { BenchResult } from "../../harness/model/bench.js";
import type { CaseResult } from "../../harness/model/outcome.js";
import type { Trace } from "../../harness/model/trace.js";
import { byFile, coverageShares } from "../coverage.js";
import { caseKey, type RunRecord } from "../record.js";
import { countOutcomes } from "../totals.js";
import { clientBundle } from "./bundle.js";
import { hashOf } from "./static-page.js";
import { ids, type ArchivedCase, type IndexedCase, type PageContents, type PageIndex } from "./page-data.js";

/** Cases that are compressed, and decoded, together: neighbours have topology, packets and words in common. */
const casesInPart = 32;

/**
 * A run and measurements, or one of them, as one HTML file: opened from disk, it needs no server and no network, and its policy allows neither. All
 * data is JSON in elements that are never run; text gets on the page only as text.
 */
export async function renderHtml(
  record: RunRecord | undefined,
  measurements: readonly BenchResult[] = [],
): Promise<string> {
  const { script, style } = await clientBundle();
  const run = record && indexRun(record);
  const contents: PageContents = {
    run: run?.index,
    measurements: measurements.map(({ name, title, startedAt }) => ({ name, title, startedAt })),
  };
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    `<!doctype html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<title>${titleOf(contents)}</title>`,
    `<link rel="icon" href="data:,">`,
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    `<div id="app"></div>`,
    `<noscript>This report needs JavaScript, which comes with the file.</noscript>`,
    `<script type="application/json" id="${ids.contents}">${embeddable(JSON.stringify(contents))}</script>`,
    ...(run?.parts ?? []).map((part, n) => archive(ids.part(n), part)),
    ...(run?.traces ?? []).map((each, n) => archive(ids.traces(n), each)),
    ...(record && record.coverage.length > 0 ? [archive(ids.coverage, byFile(record.coverage))] : []),
    ...measurements.map((each, n) => archive(ids.measurement(n), each)),
    archive(ids.files, [...(record?.files ?? [])]),
    `<script>${script}</script>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

function titleOf({ run, measurements }: PageContents): string {
  if (!run) return `${measurements.map(({ name }) => name.replace(/[^\w.-]+/g, " ")).join(", ")} · packetproof`;
  const failed = run.totals.failed + run.totals.error;
  return failed > 0 ? `✗ ${failed} failed · packetproof` : `✓ ${run.totals.passed} passed · packetproof`;
}

/** JSON in which nothing can end the element around it. */
function embeddable(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

function archive(id: string, value: unknown): string {
  const bytes = deflateRawSync(JSON.stringify(value), { level: 9 });
  return `<script type="text/plain" id="${id}">${bytes.toString("base64")}</script>`;
}

interface IndexedRun {
  readonly index: PageIndex;
  readonly parts: readonly (readonly ArchivedCase[])[];
  readonly traces: readonly (readonly Trace[])[];
}

function indexRun(record: RunRecord): IndexedRun {
  const { start, results, durationMs } = record;
  const groups = new Map<string, CaseResult[]>();
  for (const result of results) {
    const key = caseKey(result);
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  }
  const backends = ["sim", "kernel", "wire"].filter((name) => results.some(({ backend }) => backend === name));
  const files = new Map<string, { index: number; path: string; scenario: string }>();
  const parts: ArchivedCase[][] = [];
  const traces: (readonly Trace[])[] = [];
  const cases: IndexedCase[] = [];
  for (const [key, group] of groups) {
    const first = group[0]!;
    let file = files.get(first.file);
    if (!file) files.set(first.file, (file = { index: files.size, path: first.file, scenario: first.scenario }));
    if ((parts.at(-1)?.length ?? casesInPart) >= casesInPart) parts.push([]);
    const part = parts.at(-1)!;
    const on = (backend: string): CaseResult | undefined => group.find((result) => result.backend === backend);
    const traced = record.traces.get(key);
    if (traced) traces.push(traced);
    cases.push({
      name: first.case,
      file: file.index,
      outcomes: backends.map((backend) => on(backend)?.outcome ?? null),
      durationsMs: backends.map((backend) => on(backend)?.durationMs ?? null),
      trouble: group.map(troubleOf).find((text) => text !== undefined),
      part: parts.length - 1,
      place: part.length,
      traces: traced && traces.length - 1,
    });
    const inOrder = backends.flatMap((backend) => on(backend) ?? []);
    part.push({ description: record.cases.get(key), results: inOrder });
  }
  const index: PageIndex = {
    environment: start.environment,
    seed: start.seed,
    remarks: start.remarks ?? [],
    startedAt: start.startedAt,
    durationMs,
    totals: countOutcomes(results),
    backends,
    files: [...files.values()].map(({ path, scenario }) => ({ path, scenario })),
    systems: start.systems.flatMap(({ id, system, program, scenarios }) => {
      const covered = scenarios.flatMap((path) => files.get(path)?.index ?? []);
      return covered.length > 0 ? [{ id, system, program, files: covered }] : [];
    }),
    cases,
    coverage: record.coverage.length > 0 ? coverageShares(byFile(record.coverage)) : undefined,
    parts: parts.length,
  };
  return { index, parts, traces };
}

/** The list shows one line of it. */
const longestTrouble = 120;

function troubleOf({ outcome, mismatches, error }: CaseResult): string | undefined {
  if (outcome !== "failed" && outcome !== "error") return undefined;
  const [first] = mismatches;
  const text = first ? `${first.what}: expected ${first.expected}, actual ${first.actual}` : (error?.message ?? "");
  return text.slice(0, longestTrouble);
}
