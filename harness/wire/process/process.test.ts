import { expect } from "chai";
import { curlConfig } from "./http.js";
import { readSummary } from "./ping.js";

describe("readSummary", () => {
  it("reads iputils' summary, with errors and duplicates", () => {
    const summary = "3 packets transmitted, 2 received, +1 errors, 33.3333% packet loss, time 43ms";
    expect(readSummary(summary, 3)).to.deep.equal({ sent: 3, received: 2 });
    expect(readSummary("2 packets transmitted, 2 received, +2 duplicates, 0% packet loss", 2).received).to.equal(2);
  });

  it("takes no summary for no answers", () => {
    expect(readSummary("ping: connect: Network is unreachable", 4)).to.deep.equal({ sent: 4, received: 0 });
  });
});

describe("curlConfig", () => {
  it("repeats every setting for every request, and quotes", () => {
    const [first, second, third] = curlConfig('http://10.0.0.1/"x"', 2, 1500, "/tmp/y").split("\nnext\n");
    expect(first).to.include('url = "http://10.0.0.1/\\"x\\""\noutput = "/tmp/y/0"\nmax-time = 1.5\n');
    expect(second).to.equal(first!.replace("/tmp/y/0", "/tmp/y/1"));
    expect(third).to.equal(undefined);
  });
});
