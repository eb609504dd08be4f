import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { mapTypes } from "../model/object.js";
import { attrOffsets, attrSizeBytes, bpfCommands } from "./attr.js";
import { layouts } from "./context.js";
import { attachTypes, programTypeNumber } from "./program-types.js";

describe("structures and numbers that are laid out by hand", () => {
  it("agree with the kernel's headers", function () {
    const assertions = [
      ...Object.entries(bpfCommands).map(([name, number]) => equal(name, number)),
      ...Object.entries(attachTypes).map(([name, number]) => equal(name, number)),
      ...mapTypes.slice(0, 32).map((type, number) => equal(`BPF_MAP_TYPE_${type.toUpperCase()}`, number)),
      ...(["xdp", "sched_cls", "cgroup_skb", "sk_lookup", "flow_dissector", "lwt_xmit", "socket_filter"] as const).map(
        (type) => equal(`BPF_PROG_TYPE_${type.toUpperCase()}`, programTypeNumber(type)!),
      ),
      ...Object.entries(attrOffsets).map(([name, offset]) => equal(`offsetof(union bpf_attr, ${name})`, offset)),
      `_Static_assert(${attrSizeBytes} >= offsetof(union bpf_attr, test.batch_size) + 4, "attrSizeBytes");`,
      ...layouts.flatMap(({ struct, sizeBytes, members }) => [
        equal(`sizeof(struct ${struct})`, sizeBytes),
        ...Object.entries(members).map(([name, { offset }]) => equal(`offsetof(struct ${struct}, ${name})`, offset)),
      ]),
    ];
    const source = `#include <linux/bpf.h>\n#include <stddef.h>\n${assertions.join("\n")}\n`;
    const { error, status, stderr } = spawnSync("clang", ["-fsyntax-only", "-x", "c", "-"], {
      input: source,
      encoding: "utf8",
    });
    if (error || /linux\/bpf.h: No such file/.test(stderr)) {
      this.test!.title += " (skipped: no clang or no linux/bpf.h; apt install clang linux-libc-dev)";
      return this.skip();
    }
    expect(status, stderr).to.equal(0);
  });
});

function equal(expression: string, value: number): string {
  return `_Static_assert(${expression} == ${value}, "${expression}");`;
}
