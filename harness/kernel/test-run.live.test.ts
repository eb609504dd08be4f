import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { errnos } from "./errno.js";
import { loadObject } from "./load.js";
import type { LoadedObject } from "./loaded-object.js";
import { fixtureObject, planFor } from "./plan-builder.test.js";
import { whyNoKernel } from "./probe.js";
import { RunFolder } from "./run-folder.js";
import { slotCount, TestRun } from "./test-run.js";
import { testRunError } from "./test-run-error.js";
import { nativeLoop, plainLoop } from "./test-run-loop.js";
import { attrOffsets, attrSizeBytes } from "./attr.js";
import { addressOf } from "./libc.js";

describe("test runs", () => {
  const folder = new RunFolder(`test-run-${process.pid}`);
  let drop: LoadedObject;
  let pingPong: LoadedObject;
  let testRun: TestRun;

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
    drop = load("xdp_drop_count", "xdp");
    pingPong = load("tc_drop", "tc-ingress");
    testRun = new TestRun();
  });
  after(() => {
    drop?.close();
    pingPong?.close();
    folder.close();
  });

  function load(name: string, hook: "xdp" | "tc-ingress"): LoadedObject {
    const result = loadObject(planFor(fixtureObject(name), hook), folder);
    if (!result.accepted) throw new Error(result.log);
    return result.loaded;
  }

  function hintFor(bytes: number, fd: number, type: "xdp" | "sched_cls"): string | undefined {
    testRun.select(fd, type);
    testRun.add(new Uint8Array(bytes));
    try {
      testRun.run();
    } catch (error) {
      expect((error as HarnessError).code).to.equal("packet");
      return (error as HarnessError).diagnostics[0]!.hint;
    }
    return undefined;
  }

  it("keep the slots of a batch apart", () => {
    testRun.select(drop.programFd, "xdp");
    for (let i = 0; i < slotCount; i++) testRun.add(new Uint8Array(20 + i).fill(i));
    expect(testRun.full).to.equal(true);
    testRun.run();
    for (let i = 0; i < slotCount; i++) {
      expect(testRun.returned(i)).to.equal(1);
      expect([...testRun.packetOut(i)]).to.deep.equal(Array.from({ length: 20 + i }, () => i));
    }
  });

  it("can share one input, and can be made again", () => {
    testRun.select(drop.programFd, "xdp");
    testRun.add(Uint8Array.from({ length: 30 }, (_, i) => i));
    testRun.addAgain();
    for (let round = 0; round < 2; round++) {
      testRun.run();
      for (const slot of [0, 1]) expect(testRun.packetOut(slot)).to.have.lengthOf(30);
    }
  });

  it("explain a packet without room for an Ethernet header", () => {
    expect(hintFor(14, drop.programFd, "xdp")).to.equal(undefined);
    expect(hintFor(13, drop.programFd, "xdp")).to.contain("has 13 bytes");
    expect(hintFor(13, pingPong.programFd, "sched_cls")).to.contain("has 13 bytes");
  });

  it("explain a packet that is larger than a page", () => {
    expect(hintFor(9000, pingPong.programFd, "sched_cls")).to.contain("9000 bytes is larger");
  });

  it("refuse what no buffer holds before the kernel sees it", () => {
    testRun.select(drop.programFd, "xdp");
    expect(() => testRun.add(new Uint8Array(200_000))).to.throw(HarnessError, /E2BIG/);
  });

  it("name the refused one of a batch, and have made those before it", () => {
    testRun.select(drop.programFd, "xdp");
    for (const bytes of [64, 7, 64]) testRun.add(new Uint8Array(bytes));
    try {
      testRun.run();
      expect.fail("not refused");
    } catch (error) {
      expect((error as HarnessError).diagnostics[0]!.hint).to.contain("has 7 bytes");
    }
    expect(testRun.durationNs(0)).to.be.at.least(0);
    expect(testRun.durationNs(2)).to.equal(-1);
  });

  it("are the same from machine code and from a plain loop", () => {
    const input = new Uint8Array(64);
    const attrs = new Uint8Array(3 * attrSizeBytes);
    const view = new DataView(attrs.buffer);
    for (const loop of [nativeLoop()!, plainLoop]) {
      attrs.fill(0);
      for (let slot = 0; slot < 3; slot++) {
        const at = slot * attrSizeBytes;
        view.setUint32(at + attrOffsets["test.prog_fd"], drop.programFd, true);
        view.setUint32(at + attrOffsets["test.data_size_in"], slot === 2 ? 3 : 64, true);
        view.setBigUint64(at + attrOffsets["test.data_in"], addressOf(input), true);
      }
      expect(loop(attrs, 2)).to.equal(0);
      expect(
        [0, 1].map((slot) => view.getUint32(slot * attrSizeBytes + attrOffsets["test.retval"], true)),
      ).to.deep.equal([1, 1]);
      expect(loop(attrs, 3)).to.equal(-errnos.EINVAL);
    }
  });
});

describe("testRunError", () => {
  it("says since when a type can be run, and that others never can", () => {
    const input = { dataBytes: 60, contextGiven: false };
    const hint = (type: "sk_lookup" | "sk_msg"): string | undefined =>
      testRunError(errnos.ENOTSUPP, { type, ...input }).diagnostics[0]!.hint;
    expect(hint("sk_lookup")).to.match(/since Linux 5\.13, this is \d/);
    expect(hint("sk_msg")).to.contain("they need real sockets");
  });
});
