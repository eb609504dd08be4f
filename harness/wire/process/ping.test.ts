import { expect } from "chai";
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
