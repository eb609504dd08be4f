import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runMutants } from "./mutate.js";
import { prepare } from "./prepare.js";
import { projectRoot } from "./project.js";

const object = join(projectRoot, "fixtures", "objects", "xdp_drop_count.bpf.o");

describe("mutants of a program", () => {
  it("survive where no case looks, each told with a packet that shows it", async () => {
    const { survivors, caught } = await mutate("expect: { verdict: XDP_DROP }");
    expect(survivors.map(({ mutant, cases }) => `${mutant.mistake}, ${cases}`)).to.deep.equal([
      "condition turned round, 1",
      "atomic update dropped, 1",
    ]);
    expect(survivors[1]!.mutant.line.text).to.include("__sync_fetch_and_add");
    expect(survivors[0]!.difference?.what).to.equal("maps or variables hold something else");
    expect(survivors[0]!.difference?.layers).to.match(/^\[eth/);
    expect(caught).to.equal(1);
  });

  it("are caught by a case that does", async () => {
    const { survivors, caught, mutants } = await mutate("expect: { verdict: XDP_DROP, maps: { dropped: 1 } }");
    expect(survivors).to.deep.equal([]);
    expect(caught).to.equal(mutants);
  });

  it("say nothing where the case fails without them", async () => {
    const { mutants } = await mutate("expect: { verdict: XDP_PASS }");
    expect(mutants).to.equal(0);
  });
});

async function mutate(expectation: string) {
  const folder = await mkdtemp(join(tmpdir(), "packetproof-mutate-"));
  try {
    const file = join(folder, "case.yml");
    const text = `name: a program\nprogram: ${object}\nhook: xdp\ncases: [{ name: any, send: [eth, ipv4, udp], ${expectation} }]`;
    await writeFile(file, text);
    const { prepared, diagnostics } = await prepare([file], 7);
    expect(diagnostics).to.deep.equal([]);
    return await runMutants(prepared[0]!.plans, () => {});
  } finally {
    await rm(folder, { recursive: true });
  }
}
