import { expect } from "chai";
import { join } from "node:path";
import { planReplay } from "../plan/replay.js";
import { replayProgram } from "../plan/replay-program.js";
import { readProgram } from "../run/object.js";
import { projectRoot } from "../run/project.js";
import { anyProperty, Campaign, type Finding } from "./campaign.js";
import { findingText } from "./finding-text.js";

describe("a fuzzing campaign", () => {
  it("finds both checksums that are not updated, with the simplest packets that show it", async () => {
    const { findings } = await run("tc_ping_pong_no_icmp_checksum", 5);
    const found = findings.map(({ violation: { property, what } }) => `${property} ${what}`);
    expect(found.sort()).to.deep.equal(["checksums-valid icmp.checksum", "checksums-valid icmpv6.checksum"]);
    const text = findings.map(findingText).join("\n");
    expect(text).to.include("layers  [eth, ipv4, icmp]\n").and.to.include("layers  [eth, ipv6, icmpv6]\n");
  });

  it("finds nothing in the program without the mistake, and reaches what it does", async () => {
    const { findings, progress, corpus } = await run("tc_ping_pong", 5);
    expect(findings).to.deep.equal([]);
    expect(progress.edges).to.be.above(80);
    expect(corpus.length).to.be.above(5).and.at.most(progress.corpus);
  });

  it("comes to the same with the same seed", async () => {
    const [one, two] = [await run("xdp_icmp_drop", 2), await run("xdp_icmp_drop", 2)];
    expect(one.progress).to.deep.equal(two.progress);
    expect(one.corpus).to.deep.equal(two.corpus);
  });

  it("goes on from the packets of an earlier one", async () => {
    const { corpus, progress } = await run("xdp_icmp_drop", 10);
    const resumed = await run("xdp_icmp_drop", 0, corpus);
    const fresh = await run("xdp_icmp_drop", 0);
    expect(resumed.progress.edges).to.equal(progress.edges);
    expect(fresh.progress.edges).to.be.below(progress.edges);
  });
});

async function run(name: string, slices: number, corpus: readonly Uint8Array[] = []) {
  const object = await readProgram(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`));
  const program = replayProgram(object, undefined, undefined);
  const plan = planReplay({ object, program, packets: [], maps: [], seed: 1 });
  const findings: Finding[] = [];
  const onFinding = (finding: Finding): void => void findings.push(finding);
  const campaign = new Campaign(plan, anyProperty(plan, true), { seed: 1, corpus, onFinding });
  try {
    for (let slice = 0; slice < slices; slice++) campaign.slice();
    return { findings, progress: campaign.progress, corpus: campaign.corpus() };
  } finally {
    campaign.close();
  }
}
