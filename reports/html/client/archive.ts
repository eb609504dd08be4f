import type { BenchResult } from "../../../harness/model/bench.js";
import type { Trace } from "../../../harness/model/trace.js";
import type { FileCoverage } from "../../coverage.js";
import { ids, type ArchivedCase, type IndexedCase, type PageContents } from "../page-data.js";

export function readContents(): PageContents {
  return JSON.parse(elementText(ids.contents)) as PageContents;
}

const unpacked = new Map<string, Promise<unknown>>();

/** A case with its evidence. Neighbours come along, since they are compressed together. */
export async function readCase({ part, place }: IndexedCase): Promise<ArchivedCase> {
  const cases = (await unpack(ids.part(part))) as readonly ArchivedCase[];
  return cases[place]!;
}

/** Traces of a case's packets; none where it was not traced. */
export async function readTraces({ traces }: IndexedCase): Promise<readonly Trace[]> {
  return traces === undefined ? [] : ((await unpack(ids.traces(traces))) as readonly Trace[]);
}

/** Texts of scenario files and C sources, by path. */
export async function readFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map((await unpack(ids.files)) as readonly [string, string][]);
}

export async function readCoverage(): Promise<readonly FileCoverage[]> {
  return (await unpack(ids.coverage)) as readonly FileCoverage[];
}

export async function readMeasurement(n: number): Promise<BenchResult> {
  return (await unpack(ids.measurement(n))) as BenchResult;
}

/** Each element is decoded once, when it is first asked for. */
function unpack(id: string): Promise<unknown> {
  let value = unpacked.get(id);
  if (!value) {
    value = inflate(elementText(id));
    unpacked.set(id, value);
  }
  return value;
}

async function inflate(base64: string): Promise<unknown> {
  const bytes = bytesOf(base64);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function elementText(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}
