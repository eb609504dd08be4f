import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { BenchGroup } from "../model/bench.js";
import { whyNoKernel } from "../kernel/probe.js";
import { projectRoot } from "../run/project.js";
import { parseDefinition } from "./definition/definition.js";

/** Every benchmark, as small as it goes: whether the figures are there and fit together, never what they are. */
const tiny: Readonly<Record<string, string>> = {
  "xdp-vs-tc": `
name: tiny
benchmark: xdp-vs-tc
jobs: [reflect, count]
places: [tc-ingress, routing, nftables, af-packet]
rounds: 2
warm-up: 0
round-trips: 3
frames: 128
runs: 100
`,
  rules: `
name: tiny
benchmark: rules
sizes: [1, 20]
rounds: 2
warm-up: 0
round-trips: 3
insert-rounds: 2
`,
  http: `
name: tiny
benchmark: http
contenders:
  - { name: XDP, scenario: ../scenarios/load-balance/http.yml, from: client, url: "http://172.17.0.5/" }
rounds: 2
warm-up: 0
connections: 2
milliseconds: 500
`,
  sockets: `
name: tiny
benchmark: sockets
sizes: [64, 1000]
rounds: 2
warm-up: 0
messages: 5
megabytes: 1
`,
  maps: `
name: tiny
benchmark: maps
types: [array, hash, lru_hash, lpm_trie]
sizes: [4, 16]
rounds: 2
warm-up: 0
runs: 64
`,
  ours: `
name: tiny
benchmark: ours
rounds: 2
warm-up: 0
milliseconds: 1
`,
  programs: `
name: tiny
benchmark: programs
contenders:
  - { name: drop, scenario: ../scenarios/drop/count.yml }
  - { name: blacklist, scenario: ../scenarios/blacklist/addresses.yml }
rounds: 2
warm-up: 0
runs: 64
`,
};

describe("benchmarks, tiny", () => {
  before(function () {
    const reason = whyNoKernel();
    if (reason === undefined) return;
    this.test!.parent!.title += ` (skipped: ${reason})`;
    this.skip();
  });

  for (const [name, text] of Object.entries(tiny)) {
    it(`${name}: every contender has its figures, and nothing is left behind`, async () => {
      const file = join(projectRoot, "benchmarks", `${name}.yml`);
      const { measure } = parseDefinition(text, file);
      const { groups } = await measure({ seed: 1, file, previous: undefined, progress: () => undefined });
      expect(groups).not.to.deep.equal([]);
      expect(new Set(groups.map(({ id }) => id)).size).to.equal(groups.length);
      for (const group of groups) checkGroup(group);
      const left = readdirSync("/run/netns").filter((each) => each.includes(`bench${process.pid}`));
      expect(left).to.deep.equal([]);
    }).timeout(60_000);
  }
});

function checkGroup(group: BenchGroup): void {
  const { contenders, baseline, rounds, tiers } = group;
  const ids = contenders.map(({ id }) => id);
  expect(ids).to.include(baseline);
  expect(tiers.flat().toSorted(), "tiers hold every contender once").to.deep.equal(ids.toSorted());
  for (const { id, values, estimate, effect, latency, loss, x } of contenders) {
    expect(values.length, `${group.id} ${id}`).to.equal(rounds);
    expect(
      values.every((value) => value > 0 && Number.isFinite(value)),
      `${group.id} ${id}: ${values.join()}`,
    ).to.equal(true);
    expect(estimate.low).to.be.at.most(estimate.middle);
    expect(estimate.high).to.be.at.least(estimate.middle);
    expect(effect === undefined).to.equal(id === baseline);
    expect(x !== undefined).to.equal(group.axis !== undefined);
    if (!latency) continue;
    const { minNs, p50Ns, p90Ns, p99Ns, p999Ns, maxNs, histogram, samples } = latency;
    const ascending = [minNs, p50Ns, p90Ns, p99Ns, p999Ns, maxNs];
    expect(ascending).to.deep.equal(ascending.toSorted((a, b) => a - b));
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).to.equal(samples);
    if (loss) expect(samples + loss.lost).to.equal(loss.sent);
  }
}
