import type { TestRun } from "./test-run.js";

/** What one or more runs with the same packet came to. */
export interface Result {
  readonly returned: number;
  /** As the kernel gave it back; context.ts and link-layer.ts know what it means. */
  readonly data: Uint8Array;
  readonly context: Uint8Array;
  /** Of the first of these runs. */
  readonly durationNs: number;
  runs: number;
}

/** Beyond this many different results of one packet, further ones are not kept. */
const mostResults = 1000;

/**
 * Adds the runs in the slots to the results of their packet. Runs with the same return value and output are one
 * result: a thousand runs with the same outcome are one fact.
 */
export function collectResults(testRun: TestRun, results: Result[]): void {
  for (let slot = 0; slot < testRun.used; slot++) {
    const returned = testRun.returned(slot);
    const data = testRun.packetOut(slot);
    const context = testRun.context(slot);
    const known = results.find((r) => r.returned === returned && same(r.data, data) && same(r.context, context));
    if (known) known.runs++;
    else if (results.length < mostResults) {
      const durationNs = testRun.durationNs(slot);
      results.push({ returned, data: data.slice(), context: context.slice(), durationNs, runs: 1 });
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
