import type { BenchResult } from "../harness/model/bench.js";
import type { RunRecord } from "./record.js";

/** Files that a run, or blobs of runs, can be rendered to. Each renderer's code is loaded when it is asked for. */
export const formats = {
  html: async (record, measurements) => (await import("./html/page.js")).renderHtml(record, measurements),
  json: async (record) => `${JSON.stringify((await import("./totals.js")).reportOf(record), undefined, 2)}\n`,
  junit: async (record) => (await import("./junit.js")).renderJunit(record),
  tap: async (record) => (await import("./tap.js")).renderTap(record),
} as const satisfies Record<string, (record: RunRecord, measurements: readonly BenchResult[]) => Promise<string>>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as readonly FormatName[];
