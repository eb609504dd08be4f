import { expect } from "chai";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAbandoned, Ledger } from "./ledger.js";
import { identifyProcess } from "./process-identity.js";

describe("the ledger", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "packetproof-ledger-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** As if the owner had been another process that is no longer there. */
  function abandon(id: string): void {
    const { pid, startTicks } = identifyProcess(process.pid)!;
    // The number is alive, but it is somebody else's by now.
    writeFileSync(join(root, id, "owner.json"), JSON.stringify({ pid, startTicks: startTicks - 1 }));
  }

  it("leaves a living owner's alone", () => {
    Ledger.open("a", root).record({ kind: "namespace", name: "pp-a-client" });
    expect(findAbandoned(root)).to.deep.equal([]);
  });

  it("tells what a dead owner made and did not remove, latest first", () => {
    const ledger = Ledger.open("a", root);
    for (const name of ["pp-a-1", "pp-a-2", "pp-a-3"]) ledger.record({ kind: "namespace", name });
    ledger.forget({ kind: "namespace", name: "pp-a-2" });
    abandon("a");
    const [abandoned] = findAbandoned(root);
    expect(abandoned?.entries).to.deep.equal([
      { kind: "namespace", name: "pp-a-3" },
      { kind: "namespace", name: "pp-a-1" },
    ]);
  });

  it("reads a file whose last line was cut off", () => {
    Ledger.open("a", root).record({ kind: "namespace", name: "pp-a-1" });
    appendFileSync(join(root, "a", "entries"), '{"op":"made","entry":{"ki');
    abandon("a");
    expect(findAbandoned(root)[0]?.entries).to.have.length(1);
  });

  it("does not take over another run's id", () => {
    Ledger.open("a", root);
    expect(() => Ledger.open("a", root)).to.throw(/another run has the id a/);
  });

  it("is not there before its owner is written, so that nobody takes it for a dead one's", () => {
    mkdirSync(join(root, ".new-abcdef"));
    writeFileSync(join(root, ".new-abcdef", "owner.json"), "");
    expect(findAbandoned(root)).to.deep.equal([]);
    expect(() => Ledger.open("a", root).record({ kind: "namespace", name: "pp-a-1" })).not.to.throw();
  });

  it("is gone when closed", () => {
    const ledger = Ledger.open("a", root);
    ledger.close();
    Ledger.open("a", root);
  });

  it("leaves directories alone that it did not make", () => {
    mkdirSync(join(root, "somebody-elses"));
    expect(findAbandoned(root)).to.deep.equal([]);
  });
});
