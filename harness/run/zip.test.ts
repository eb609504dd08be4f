import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { zip } from "./zip.js";

const reader = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for name in archive.namelist(): print(name, archive.read(name).hex())
`;

describe("ZIP archives", () => {
  it("are read by others, with every byte and name", function () {
    if (spawnSync("python3", ["--version"]).status !== 0) return this.skip();
    const folder = mkdtempSync(join(tmpdir(), "packetproof-zip-"));
    try {
      const file = join(folder, "a.zip");
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) >> 3);
      writeFileSync(
        file,
        zip([
          { path: "empty", bytes: new Uint8Array() },
          { path: "ordner/é漢.o", bytes: all },
          { path: "text.md", bytes: Buffer.from("a".repeat(1000)) },
        ]),
      );
      const { stdout, stderr } = spawnSync("python3", ["-c", reader, file], { encoding: "utf8" });
      expect(stderr).to.equal("");
      expect(stdout.split("\n")).to.deep.equal([
        "empty ",
        `ordner/é漢.o ${Buffer.from(all).toString("hex")}`,
        `text.md ${"61".repeat(1000)}`,
        "",
      ]);
      const none = spawnSync("python3", ["-c", reader, file.replace("a.zip", "none.zip")]);
      expect(none.status).to.not.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
