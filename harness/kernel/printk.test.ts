import { expect } from "chai";
import { printkTask, printkText } from "./printk.js";

describe("printkText", () => {
  it("takes the prefix off", () => {
    const line = "            node-17433   [001] b..11  3129.475402: bpf_trace_printk: hello: [1] world";
    expect(printkText(line)).to.equal("hello: [1] world");
  });

  it("copes with task names that look like something else", () => {
    const line = " kworker/u8:2-ev-77      [000] ..s2. 12.000001: bpf_trace_printk: a-1 [000] x";
    expect(printkText(line)).to.equal("a-1 [000] x");
  });

  it("copes with thread groups and with nothing printed", () => {
    expect(printkText("   curl-12    (   10) [002] d.s1. 1.5: bpf_trace_printk: ")).to.equal("");
  });

  it("knows no other lines", () => {
    expect(printkText("CPU:1 [LOST 3 EVENTS]")).to.equal(undefined);
    expect(printkText("   curl-12 [002] d.s1. 1.5: sys_enter: NR 1")).to.equal(undefined);
  });
});

describe("printkTask", () => {
  it("tells whose turn it was", () => {
    expect(printkTask("           <...>-4711    [000] ..s2. 12.5: bpf_trace_printk: x")?.pid).to.equal(4711);
    expect(printkTask(" node-a-12 [002] d.s1. 1.5: bpf_trace_printk: y-3 [001] z")).to.deep.equal({
      comm: "node-a",
      pid: 12,
    });
    expect(printkTask("second line of a text")).to.equal(undefined);
  });
});
