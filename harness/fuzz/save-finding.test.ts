import { expect } from "chai";
import { execa } from "execa";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planReplay } from "../plan/replay.js";
import { replayProgram } from "../plan/replay-program.js";
import { prepare } from "../run/prepare.js";
import { readProgram } from "../run/object.js";
import { projectRoot } from "../run/project.js";
import { runJob } from "../run/run-job.js";
import { SimSession } from "../sim/session.js";
import { anyProperty, Campaign, type Finding } from "./campaign.js";
import { saveFinding } from "./save-finding.js";

const program = join(projectRoot, "fixtures", "objects", "tc_ping_pong_no_icmp_checksum.bpf.o");

describe("a saved finding", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "packetproof-finding-"))));
  after(() => rm(folder, { recursive: true }));

  it("is a scenario that fails for the same reason, in place and unpacked from its archive", async () => {
    const finding = await firstFinding();
    const file = await saveFinding(finding, { folder, program, twin: undefined, command: "fuzz", seed: 1 });
    expect(await whatFails(file)).to.deep.equal(["checksums-valid: icmpv6.checksum"]);
    const unpacked = join(folder, "elsewhere");
    await execa("mkdir", [unpacked]);
    await execa("tar", ["-xzf", file.replace(/\.yml$/, ".tar.gz"), "-C", unpacked]);
    const names = await readdir(unpacked);
    expect(names.map((name) => name.replace(/^.*?\./, "")).sort()).to.deep.equal(["bpf.o", "pcapng", "txt", "yml"]);
    const copy = names.find((name) => name.endsWith(".yml"))!;
    expect(await whatFails(join(unpacked, copy))).to.deep.equal(["checksums-valid: icmpv6.checksum"]);
  });
});

async function firstFinding(): Promise<Finding> {
  const object = await readProgram(program);
  const plan = planReplay({
    object,
    program: replayProgram(object, undefined, undefined),
    packets: [],
    maps: [],
    seed: 1,
  });
  const campaign = new Campaign(plan, anyProperty(plan, true), { seed: 1 });
  try {
    while (campaign.findings.length === 0) campaign.slice();
    return campaign.findings[0]!;
  } finally {
    campaign.close();
  }
}

async function whatFails(file: string): Promise<string[]> {
  const { prepared, diagnostics } = await prepare([file], 7);
  expect(diagnostics).to.deep.equal([]);
  const { mismatches } = await runJob({ plan: prepared[0]!.plans[0]!, backend: "sim" }, new SimSession("jit"));
  return mismatches.map(({ what }) => what);
}
