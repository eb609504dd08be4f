import { expect } from "chai";
import { readBuffer, readLine, scriptOf, type Probe } from "./script.js";

const probe: Probe = {
  attach: "tracepoint:sched:sched_process_exec",
  setUp: ["$netns = (uint64)7", "if ($netns == 0) { $netns = (uint64)1; }"],
  event: { name: "exec", fields: { pid: ["%lld", "pid"], comm: ["%s", "comm"] } },
};

describe("a bpftrace script", () => {
  it("has its markers at both ends and leaves the machine's own namespace out", () => {
    expect(scriptOf([probe], { base: 1000, libc: undefined }, 42).split("\n")).to.deep.equal([
      'tracepoint:syscalls:sys_enter_kill /args->sig == 0 && args->pid >= 1000 && args->pid < 1049576/ { printf("first\\x1f%d\\x1f%d\\n", args->pid - 1000, cpu); }',
      "tracepoint:sched:sched_process_exec",
      "{",
      "  $netns = (uint64)7;",
      "  if ($netns == 0) { $netns = (uint64)1; }",
      '  if ($netns != 42) { printf("exec\\x1f%llu\\x1f%llu\\x1f%lld\\x1f%s\\n", nsecs, $netns, pid, comm); }',
      "}",
      'tracepoint:syscalls:sys_enter_kill /args->sig == 0 && args->pid >= 1000 && args->pid < 1049576/ { printf("last\\x1f%d\\x1f%d\\n", args->pid - 1000, cpu); }',
    ]);
  });

  it("marks by libc's function where there are uprobes, which are attached in an order of their own", () => {
    expect(scriptOf([], { base: 0, libc: "/lib/libc.so.6" }, 42)).to.match(/^uprobe:\/lib\/libc\.so\.6:kill /);
  });

  it("is read back as it was printed", () => {
    expect(readLine("exec\x1f12345678901234567\x1f4026532008\x1f7\x1fa name\n", [probe])).to.deep.equal({
      kind: "event",
      name: "exec",
      timeNs: 12345678901234567n,
      netns: 4026532008,
      values: { pid: "7", comm: "a name" },
    });
    expect(readLine("last\x1f3\x1f1\n", [probe])).to.deep.equal({ kind: "marker", end: "last", number: 3, cpu: 1 });
    expect(readLine("what is this", [probe])).to.equal(undefined);
  });

  it("gives bytes back that it had to escape", () => {
    expect([...readBuffer("A\\x00\\xffz")]).to.deep.equal([0x41, 0, 255, 0x7a]);
  });
});
