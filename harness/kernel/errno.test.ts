import { constants } from "node:os";
import { expect } from "chai";
import { errnoName, errnos, errnoText } from "./errno.js";

describe("errno", () => {
  it("knows the one that libc does not", () => {
    expect(errnoName(-524)).to.equal("ENOTSUPP");
    expect(errnoText(524)).to.equal("ENOTSUPP (Operation is not supported by this kernel or program type)");
  });

  it("gives the number where Linux has no name", () => {
    expect(errnoName(4095)).to.equal("4095");
    expect(errnoText(-4095)).to.equal("error 4095");
  });

  it("agrees with Node's own numbers", function () {
    if (process.platform !== "linux") this.skip();
    const numbers: Readonly<Record<string, number>> = errnos;
    for (const [name, number] of Object.entries(constants.errno))
      expect(numbers[name] ?? number, name).to.equal(number);
  });
});
