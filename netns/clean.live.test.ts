import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cleanLeftovers } from "./clean.js";
import { ledgerRoot } from "./ledger.js";
import { createNetwork } from "./network.js";
import { namespacePath } from "./namespace.js";
import { skipWithoutRoot, twoHosts, uniqueId } from "./example-topologies.test.js";

/** A process that makes a network with something running in it, says so, and waits to be killed. */
const victim = `
  const { createNetwork } = await import(process.argv[1]);
  const { twoHosts } = await import(process.argv[2]);
  const { spawn } = await import("node:child_process");
  const network = await createNetwork(twoHosts, process.argv[3]);
  const child = network.inside("dut", () => spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }));
  console.log(child.pid);
  setInterval(() => undefined, 1000);
`;

describe("cleanLeftovers", () => {
  before(skipWithoutRoot);

  it("removes what a killed run left, and nothing else", async () => {
    const id = uniqueId();
    await using alive = await createNetwork(twoHosts, uniqueId());
    const foreign = namespacePath(`pp-${uniqueId()}-dut`);
    writeFileSync(foreign, "");
    try {
      const modules = ["./network.js", "./example-topologies.test.js"].map(
        (name) => new URL(name, import.meta.url).href,
      );
      const run = spawn(process.execPath, ["--input-type=module", "-e", victim, ...modules, id], {
        cwd: fileURLToPath(new URL(".", import.meta.url)),
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(run.stdout, "data")) as [Buffer];
      const sleeper = Number(line.toString());
      run.kill("SIGKILL");
      await once(run, "exit");

      const left = [namespacePath(`pp-${id}-client`), namespacePath(`pp-${id}-dut`), `${ledgerRoot}/${id}`];
      expect(left.filter(existsSync)).to.deep.equal(left);
      const removed = await cleanLeftovers();
      expect(removed).to.include.members([
        `network namespace pp-${id}-dut with 1 processes`,
        `network namespace pp-${id}-client`,
      ]);
      expect([...left, `/proc/${sleeper}/exe`].filter(existsSync)).to.deep.equal([]);
      expect([alive.namespacePath("dut"), foreign].filter(existsSync)).to.have.length(2);
      expect((await cleanLeftovers()).filter((text) => text.includes(id))).to.deep.equal([]);
    } finally {
      rmSync(foreign);
    }
  });
});
