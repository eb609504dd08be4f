import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";

describe("the committed objects", () => {
  it("are what their sources make", async function () {
    // Fifty-odd runs of clang.
    this.timeout(120_000);
    const { failed } = await execa("clang", ["--version"], { reject: false });
    if (failed) return this.skip();
    const build = fileURLToPath(new URL("build.js", import.meta.url));
    const { exitCode, stderr } = await execa("node", [build, "--check"], { reject: false });
    expect(exitCode, stderr).to.equal(0);
  });
});
