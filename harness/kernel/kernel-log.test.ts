import { expect } from "chai";
import { kernelLine, splatIn } from "./kernel-log.js";

describe("kernel log", () => {
  it("takes the text of the kernel's own records", () => {
    const record = "4,1523,7431934172,-;WARNING: CPU: 1 PID: 77 at net/core/filter.c:42 x+0x1/0x2\n SUBSYSTEM=net\n";
    expect(kernelLine(record)).to.equal("WARNING: CPU: 1 PID: 77 at net/core/filter.c:42 x+0x1/0x2");
    expect(kernelLine("6,1,2,-,caller=T12;device eth0 entered; promiscuous mode")).to.equal(
      "device eth0 entered; promiscuous mode",
    );
  });

  it("leaves out what users wrote there", () => {
    expect(kernelLine("12,1524,7431934180,-;WARNING: not from the kernel")).to.equal(undefined);
  });

  it("finds complaints, and nothing else", () => {
    const lines = [
      "device eth0 entered promiscuous mode",
      "BUG: kernel NULL pointer dereference, address: 0000000000000000",
      "WARNING: CPU: 0 PID: 1 at kernel/bpf/core.c:1",
      "INFO: rcu_preempt self-detected stall on CPU",
      "WARNING: possible circular locking dependency detected",
      "eth0: Caught tx_queue_len zero misconfig",
    ];
    expect(splatIn(lines)).to.deep.equal(lines.slice(1, 5));
  });
});
