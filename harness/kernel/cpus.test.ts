import { expect } from "chai";
import { parseCpuList } from "./cpus.js";

describe("parseCpuList", () => {
  it("reads ranges and single CPUs", () => {
    expect(parseCpuList("0-3,8,10-11\n")).to.deep.equal([0, 1, 2, 3, 8, 10, 11]);
    expect(parseCpuList("0\n")).to.deep.equal([0]);
  });
});
