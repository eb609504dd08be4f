import { expect } from "chai";
import { countLocalRoutes } from "./ipv6-ready.js";

describe("countLocalRoutes", () => {
  it("counts an interface's own addresses only", () => {
    const zeroes = "0".repeat(32);
    const routes = [
      `fd000000000000000000000000000000 40 ${zeroes} 00 ${zeroes} 00000100 00000001 00000000 00000001     eth0`,
      `fd000000000000000000000000000001 80 ${zeroes} 00 ${zeroes} 00000000 00000002 00000000 80200001     eth0`,
      `00000000000000000000000000000001 80 ${zeroes} 00 ${zeroes} 00000000 00000001 00000000 80200001       lo`,
      `ff000000000000000000000000000000 08 ${zeroes} 00 ${zeroes} 00000100 00000001 00000000 00000001     eth0`,
      "",
    ].join("\n");
    expect(countLocalRoutes(routes, "eth0")).to.equal(1);
    expect(countLocalRoutes(routes, "eth1")).to.equal(0);
  });
});
