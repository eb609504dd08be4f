import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { findScenarios } from "./find-scenarios.js";

describe("findScenarios", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-find-"));
    await mkdir(join(folder, "drop", "must-fail"), { recursive: true });
    for (const file of ["b.yml", "a.yaml", "notes.md", "drop/c.yml", "drop/must-fail/planted.yml"]) {
      await writeFile(join(folder, file), "");
    }
  });
  after(() => rm(folder, { recursive: true }));

  it("takes .yml and .yaml below a folder, sorted, without canaries", async () => {
    const files = await findScenarios([folder]);
    expect(files).to.deep.equal(["a.yaml", "b.yml", "drop/c.yml"].map((file) => join(folder, file)));
  });

  it("takes canaries where they are named, and no file twice", async () => {
    const planted = join(folder, "drop", "must-fail");
    expect(await findScenarios([planted, join(planted, "planted.yml")])).to.deep.equal([join(planted, "planted.yml")]);
  });

  it("names the nearest file for one that is not there", async () => {
    const error = await findScenarios([join(folder, "drop", "d.yml")]).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(HarnessError);
    expect((error as HarnessError).diagnostics[0]?.hint).to.equal(`did you mean ${join(folder, "drop", "c.yml")}?`);
  });

  it("says so where a folder holds none", async () => {
    const empty = join(folder, "empty");
    await mkdir(empty);
    const error = (await findScenarios([empty]).catch((e: unknown) => e)) as HarnessError;
    expect(error.message).to.equal(`there is no scenario (.yml) in ${empty}`);
  });

  it("takes whatever is no folder for a file, which reading it then refuses", async () => {
    expect(await findScenarios(["/dev/null"])).to.deep.equal(["/dev/null"]);
  });
});
