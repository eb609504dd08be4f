import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { dependenciesOf } from "./dependencies.js";
import { projectRoot } from "./project.js";

describe("what a scenario depends on", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-dependencies-"));
    await mkdir(join(folder, "include"));
    const files = {
      "own.bpf.c": '#include <linux/bpf.h>\n  # include "include/a.h"\n',
      "include/a.h": '#include "b.h"\n#include "missing.h"\n',
      "include/b.h": '#include "a.h"\n',
      "include/unused.h": "",
      "traffic.pcap": "",
      "s.yml": "program: own.bpf.c\nname: e.g. this\ncases:\n  - { name: a, send: { pcap: traffic.pcap } }\n",
      "shipped.yml": "program: xdp_count.bpf.c # and not own2.bpf.c\n",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  });
  after(() => rm(folder, { recursive: true }));

  it("is what it names, and what its sources include, round about too", async () => {
    const found = [...(await dependenciesOf(join(folder, "s.yml")))].map((file) => file.slice(folder.length + 1));
    expect(found.sort()).to.deep.equal(["include/a.h", "include/b.h", "own.bpf.c", "s.yml", "traffic.pcap"]);
  });

  it("is a shipped program where there is none of its own", async () => {
    const found = await dependenciesOf(join(folder, "shipped.yml"));
    expect([...found]).to.include(join(projectRoot, "bpf", "xdp_count.bpf.c"));
    expect([...found]).to.include(join(projectRoot, "bpf", "include", "program.h"));
  });
});
