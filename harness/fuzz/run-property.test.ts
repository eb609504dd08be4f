import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare } from "../run/prepare.js";
import { runJob } from "../run/run-job.js";
import { projectRoot } from "../run/project.js";
import { SimSession } from "../sim/session.js";

const objects = join(projectRoot, "fixtures", "objects");

describe("property steps on the simulator", () => {
  it("find a checksum that was not updated, and give the simplest packet back", async () => {
    const { outcome, mismatches } = await runOne(`
program: ${objects}/tc_ping_pong_no_icmp_checksum.bpf.o
hook: tc-ingress
cases: [{ name: any, property: { runs: 5000 } }]`);
    expect(outcome).to.equal("failed");
    expect(mismatches[0]!.what).to.equal("checksums-valid: icmp.checksum");
    expect(mismatches[0]!.details.join("\n")).to.include(
      "packet    eth / ipv4 10.0.0.1 > 10.0.0.2 ttl 64 / icmp echo id 1 seq 1\n",
    );
  });

  it("hold for a program without a mistake", async () => {
    const { outcome, mismatches } = await runOne(`
program: ${objects}/tc_ping_pong.bpf.o
hook: tc-ingress
cases: [{ name: any, property: { runs: 2000 } }]`);
    expect(mismatches).to.deep.equal([]);
    expect(outcome).to.equal("passed");
  });

  it("send only what is described", async () => {
    const { outcome, mismatches } = await runOne(`
program: ${objects}/xdp_icmp_drop.bpf.o
hook: xdp
cases:
  - name: TCP passes, whatever its header says
    property: { runs: 500, generate: [eth, ipv4, tcp: any, { payload: { bytes: 0..20 } }] }
    expect: { verdict: XDP_PASS, unchanged: all }`);
    expect(mismatches).to.deep.equal([]);
    expect(outcome).to.equal("passed");
  });

  it("find a program that differs from its twin", async () => {
    const { mismatches } = await runOne(`
program: ${objects}/xdp_icmp_drop_no_extensions.bpf.o
hook: xdp
cases:
  - name: as the other
    property: { runs: 5000 }
    expect: { same-as: ${objects}/xdp_icmp_drop.bpf.o }`);
    expect(mismatches[0]).to.include({ what: "same-as: verdict", expected: "XDP_DROP", actual: "XDP_PASS" });
    expect(mismatches[0]!.details.join("\n")).to.match(/packet +eth \/ ipv6 .* \/ ipv6-(hopopts|dstopts|frag)/);
  });

  it("judge the steps before them, too", async () => {
    const { mismatches } = await runOne(`
program: ${objects}/xdp_icmp_drop.bpf.o
hook: xdp
cases:
  - name: two steps
    steps:
      - { send: [eth, ipv4, icmp], expect: { verdict: XDP_PASS } }
      - property: { runs: 10 }`);
    expect(mismatches.map(({ what }) => what)).to.deep.equal(["verdict"]);
  });
});

async function runOne(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "packetproof-property-"));
  try {
    const file = join(folder, "case.yml");
    await writeFile(file, `name: a property${text}`);
    const { prepared, diagnostics } = await prepare([file], 7);
    expect(diagnostics).to.deep.equal([]);
    return await runJob({ plan: prepared[0]!.plans[0]!, backend: "sim" }, new SimSession("jit"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
