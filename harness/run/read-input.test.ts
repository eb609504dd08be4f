import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readInput } from "./read-input.js";

describe("readInput", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-read-input-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function messageOf(path: string): Promise<string> {
    try {
      await readInput(path);
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  }

  it("reads a file", async () => {
    await writeFile(join(folder, "a"), "xy");
    expect(await readInput(join(folder, "a"))).to.deep.equal(new Uint8Array([0x78, 0x79]));
  });

  it("says in words why it cannot, and never waits for a device's end", async () => {
    await symlink("loop", join(folder, "loop"));
    expect(await messageOf(folder)).to.match(/: it is a folder$/);
    expect(await messageOf("/dev/zero")).to.match(/: it is not a regular file$/);
    expect(await messageOf(join(folder, "none"))).to.match(/: there is no such file$/);
    expect(await messageOf(join(folder, "a", "b"))).to.match(/: a part of its path is not a folder$/);
    expect(await messageOf(join(folder, "loop"))).to.match(/: too many symbolic links$/);
  });
});
