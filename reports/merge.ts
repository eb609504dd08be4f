import type { RunEvent } from "../harness/model/event.js";
import { caseKey, type StartEvent } from "./record.js";

/** One run's events, and where they come from: a file's name. */
export interface Blob {
  readonly name: string;
  readonly events: readonly RunEvent[];
}

export interface Merged {
  /** As one run would have told them. */
  readonly events: readonly RunEvent[];
  /** What is not there though it should be, and what does not fit together, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Joins the parts of a run that went on several machines. A case that two blobs have (a part that was run again)
 * counts once, as it was in the later run. Throws where there is no blob.
 */
export function mergeRuns(blobs: readonly Blob[]): Merged {
  const runs = blobs
    .map(({ name, events }) => ({ name, events, start: startOf(events) }))
    .sort((a, b) => (a.start.startedAt < b.start.startedAt ? -1 : 1));
  const first = runs[0]!.start;
  const files = new Map<string, RunEvent>();
  const cases = new Map<string, RunEvent[]>();
  /** With what follows each of them. */
  const results = new Map<string, RunEvent[]>();
  for (const { events } of runs) {
    // What this run says of a case takes the place of what an earlier one said.
    const traced = new Set<string>();
    let last: RunEvent[] = [];
    for (const event of events) {
      if (event.type === "file") files.set(event.path, event);
      if (event.type === "case") cases.set(caseKey(event.description), [event]);
      if (event.type === "result") results.set(`${caseKey(event.result)}\0${event.result.backend}`, (last = [event]));
      if (event.type === "coverage") last.push(event);
      if (event.type === "trace") {
        const key = caseKey(event.trace);
        const others = traced.has(key)
          ? (cases.get(key) ?? [])
          : (cases.get(key) ?? []).filter(({ type }) => type === "case");
        cases.set(key, [...others, event]);
        traced.add(key);
      }
    }
  }
  const problems = [...missingShards(runs), ...unfinished(runs), ...differences(runs)];
  const start: StartEvent = {
    ...first,
    total: results.size,
    shard: undefined,
    remarks: problems,
    systems: [
      ...new Map(runs.flatMap(({ start }) => start.systems).map((system) => [JSON.stringify(system), system])).values(),
    ],
  };
  // The parts ran side by side.
  const durationMs = Math.max(...runs.map(({ events }) => durationOf(events)));
  const events = [
    start,
    ...files.values(),
    ...[...cases.values()].flat(),
    ...[...results.values()].flat(),
    { type: "end", durationMs } as const,
  ];
  return { events, problems };
}

interface Run extends Blob {
  readonly start: StartEvent;
}

function startOf(events: readonly RunEvent[]): StartEvent {
  const start = events.find((event) => event.type === "start");
  if (!start) throw new Error("a run's events begin with `start`");
  return start;
}

function durationOf(events: readonly RunEvent[]): number {
  return events.find((event) => event.type === "end")?.durationMs ?? 0;
}

/** Parts of which there is no blob. */
function missingShards(runs: readonly Run[]): string[] {
  const counts = new Set(runs.map(({ start }) => start.shard?.count ?? 1));
  if (counts.size > 1) return [`the blobs are parts of different divisions: of ${[...counts].join(" and of ")} parts`];
  const [count] = counts;
  const there = new Set(runs.map(({ start }) => start.shard?.index ?? 1));
  const missing = Array.from({ length: count! }, (_, i) => i + 1).filter((index) => !there.has(index));
  return missing.map((index) => `shard ${index}/${count} is missing`);
}

/** Runs that were killed, or that stopped early. */
function unfinished(runs: readonly Run[]): string[] {
  return runs.flatMap(({ name, start, events }) => {
    const results = events.filter(({ type }) => type === "result").length;
    const ended = events.some(({ type }) => type === "end");
    return ended && results >= start.total ? [] : [`${name} ends after ${results} of ${start.total} results`];
  });
}

/** What makes results of the parts hard to compare. */
function differences(runs: readonly Run[]): string[] {
  const list = (values: readonly string[]): string => [...new Set(values)].join(", ");
  const kernels = list(runs.map(({ start }) => start.environment.kernel));
  return kernels.includes(",") ? [`the parts ran on different kernels: ${kernels}`] : [];
}
