import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { cleanObjectFolders, objectFolder } from "./object-folder.js";

describe("folders of compiled objects", () => {
  it("are removed where their process is gone, and only there", () => {
    const { pid } = spawnSync("true");
    const own = objectFolder();
    const left = own.replace(/\d+$/, String(pid));
    const foreign = own.replace(/\d+$/, "not-a-process");
    for (const folder of [own, left, foreign]) mkdirSync(folder, { recursive: true });
    writeFileSync(`${left}/x.o`, "");
    try {
      expect(cleanObjectFolders()).to.include(left);
      expect([own, left, foreign].map((folder) => existsSync(folder))).to.deep.equal([true, false, true]);
    } finally {
      for (const folder of [own, left, foreign]) rmSync(folder, { recursive: true, force: true });
    }
  });
});
