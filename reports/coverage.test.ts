import { expect } from "chai";
import type { FunctionCoverage } from "../harness/model/coverage.js";
import { byFile, coverageText, lcovText, mergeCoverage } from "./coverage.js";

const drop: FunctionCoverage = {
  object: "drop",
  section: "xdp",
  name: "drop",
  source: { file: "./bpf/drop.bpf.c", line: 5 },
  hits: 2,
  lines: [
    { file: "./bpf/drop.bpf.c", line: 5, hits: 2 },
    { file: "./bpf/sub/../include/ip.h", line: 9, hits: 1 },
    { file: "./bpf/drop.bpf.c", line: 7, hits: 0 },
    { file: "./bpf/drop.bpf.c", line: 8, hits: 0 },
    { file: "/usr/include/linux/ip.h", line: 1, hits: 1 },
  ],
  branches: [{ file: "./bpf/drop.bpf.c", line: 5, slot: 3, taken: 0, notTaken: 2 }],
};
const never: FunctionCoverage = {
  ...drop,
  name: "never",
  source: { file: "./bpf/drop.bpf.c", line: 20 },
  hits: 0,
  lines: [{ file: "./bpf/drop.bpf.c", line: 20, hits: 0 }],
  branches: [{ file: "./bpf/drop.bpf.c", line: 20, slot: 1, taken: 0, notTaken: 0 }],
};

describe("coverage", () => {
  it("is written for LCOV, header lines with the header", () => {
    expect(lcovText(byFile([drop, never]))).to.equal(`TN:
SF:bpf/drop.bpf.c
FN:5,drop
FN:20,never
FNDA:2,drop
FNDA:0,never
FNF:2
FNH:1
BRDA:5,0,0,0
BRDA:5,0,1,2
BRDA:20,1,0,-
BRDA:20,1,1,-
BRF:4
BRH:1
DA:5,2
DA:7,0
DA:8,0
DA:20,0
LF:4
LH:1
end_of_record
TN:
SF:bpf/include/ip.h
FNF:0
FNH:0
BRF:0
BRH:0
DA:9,1
LF:1
LH:1
end_of_record
`);
  });

  it("is the union of runs, whatever each of them reached", () => {
    const other: FunctionCoverage = {
      ...drop,
      hits: 1,
      lines: [
        { file: "./bpf/drop.bpf.c", line: 7, hits: 1 },
        { file: "./bpf/drop.bpf.c", line: 5, hits: 1 },
      ],
      branches: [{ file: "./bpf/drop.bpf.c", line: 5, slot: 3, taken: 1, notTaken: 0 }],
    };
    const [merged, rest] = mergeCoverage([drop, never, other]);
    expect(rest).to.equal(never);
    expect(merged!.hits).to.equal(3);
    expect(merged!.lines.map(({ line, hits }) => [line, hits])).to.deep.equal([
      [5, 3],
      [9, 1],
      [7, 1],
      [8, 0],
      [1, 1],
    ]);
    expect(merged!.branches[0]).to.include({ taken: 1, notTaken: 2 });
    expect(mergeCoverage([other, never, drop])[0]!.branches).to.deep.equal(merged!.branches);
  });

  it("is told in a few lines, with what never ran", () => {
    expect(coverageText(byFile([drop, never]))).to.equal(
      "coverage  lines 40.0 % of 5, branches 25.0 % of 4, functions 50.0 % of 2\n  never ran  bpf/drop.bpf.c: 7-20",
    );
  });
});
