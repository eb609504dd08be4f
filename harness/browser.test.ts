import { join } from "node:path";
import { expect } from "chai";
import { build } from "esbuild";
import { projectRoot } from "./run/project.js";

/** Entry points of the folders that also run in a browser (ARCHITECTURE.md, invariant 2). */
const entries = [
  "packet/build.ts",
  "packet/parse.ts",
  "packet/text.ts",
  "packet/diff.ts",
  "object/read-object.ts",
  "sim/backend.ts",
  "sim/vm.ts",
  "data/encode.ts",
  "scenario/parse.ts",
  "plan/plan.ts",
  "judge/judge.ts",
  "evidence/evidence.ts",
];

describe("the pure stages", () => {
  it("bundle for a browser, without any Node built-in", async () => {
    const { errors, outputFiles } = await build({
      entryPoints: entries.map((entry) => join(projectRoot, "harness", entry)),
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
      outdir: "bundle",
      logLevel: "silent",
    });
    expect(errors).to.deep.equal([]);
    expect(outputFiles.length).to.equal(entries.length);
  });
});
