import { expect } from "chai";
import type { Trace } from "../harness/model/trace.js";
import { noColour } from "./terminal.js";
import { traceText } from "./trace-text.js";

const trace: Trace = {
  schemaVersion: 1,
  file: "drop.yml",
  scenario: "drop",
  case: "a ping is dropped",
  step: "step 1",
  packet: 1,
  sent: "eth / ipv4 10.0.0.1 > 10.0.0.2 ttl 64 / icmp echo id 1 seq 1",
  runs: [
    {
      program: "drop",
      packetHex: "0102",
      registers: ["0x0", "0x100", "0x0"],
      instructions: [
        { function: "drop", slot: 0, text: "(85) call bpf_map_lookup_elem#1", line: 0 },
        { function: "drop", slot: 1, text: "(15) if r0 == 0x0 goto pc+2", line: 0 },
        { function: "count", slot: 2, text: "(73) *(u8 *)(r1 +0) = r2", line: 1 },
        { function: "drop", slot: 3, text: "(95) exit", line: undefined },
      ],
      lines: [
        { file: "bpf/drop.bpf.c", line: 7, text: "if (!value)" },
        { file: "bpf/include/count.h", line: 12, text: "*value = 1;" },
      ],
      steps: [
        {
          instruction: 0,
          depth: 0,
          registers: [[0, "0x0", "0x200"]],
          call: { name: "bpf_map_lookup_elem", arguments: ["counter", "key 0"], result: "value of map 'counter'+0" },
        },
        { instruction: 1, depth: 0, taken: false },
        { instruction: 2, depth: 1, memory: [{ place: "value of map 'counter'+0", before: "00", after: "01" }] },
        { instruction: 3, depth: 0 },
      ],
      omittedSteps: 0,
      decision: {
        step: 1,
        source: { file: "bpf/drop.bpf.c", line: 7, text: "if (!value)" },
        condition: "if r0 == 0x0 goto pc+2: not taken, r0 = 0x200",
      },
      returned: 1,
      verdict: "XDP_DROP",
      fault: undefined,
      maps: [{ map: "counter", key: "0", before: "0", after: "1" }],
    },
  ],
};

const head = `drop.yml › a ping is dropped: step 1, packet 1
sent  eth / ipv4 10.0.0.1 > 10.0.0.2 ttl 64 / icmp echo id 1 seq 1

program drop, 4 instructions
`;

const end = `verdict  XDP_DROP (returned 1)
decided  at bpf/drop.bpf.c:7: if (!value) (if r0 == 0x0 goto pc+2: not taken, r0 = 0x200)
map      counter[0]: 0 → 1`;

describe("a trace as text", () => {
  it("is folded by C line, with calls, jumps and bytes written", () => {
    expect(traceText(trace, { instructions: false, paint: noColour })).to
      .equal(`${head}  drop.bpf.c:7                if (!value)
      bpf_map_lookup_elem(counter, key 0) = value of map 'counter'+0
      if r0 == 0x0 goto pc+2: not taken
      decides the verdict
    in count:
    count.h:12                  *value = 1;
        value of map 'counter'+0: 00 → 01
  in drop:
  no C line
${end}`);
  });

  it("has every instruction with what it changed where that is asked for", () => {
    expect(traceText(trace, { instructions: true, paint: noColour })).to
      .equal(`${head}; drop.bpf.c:7                if (!value)
    0: (85) call bpf_map_lookup_elem#1               r0 = 0x200
         bpf_map_lookup_elem(counter, key 0) = value of map 'counter'+0
    1: (15) if r0 == 0x0 goto pc+2                   not taken
         decides the verdict
  ; count.h:12                  *value = 1;
      2: (73) *(u8 *)(r1 +0) = r2
           value of map 'counter'+0: 00 → 01
    3: (95) exit
${end}`);
  });
});
