import { expect } from "chai";
import { curlConfig } from "./http.js";

describe("curlConfig", () => {
  it("repeats every setting for every request, and quotes", () => {
    const [first, second, third] = curlConfig('http://10.0.0.1/"x"', 2, 1500, "/tmp/y").split("\nnext\n");
    expect(first).to.include('url = "http://10.0.0.1/\\"x\\""\noutput = "/tmp/y/0"\nmax-time = 1.5\n');
    expect(second).to.equal(first!.replace("/tmp/y/0", "/tmp/y/1"));
    expect(third).to.equal(undefined);
  });
});
