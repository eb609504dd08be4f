import { expect } from "chai";
import { readWrk } from "./wrk-report.js";

const text = `Running 1s test @ http://192.0.2.80/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   595.83us  1.03ms  14.13ms   91.55%
    Req/Sec    44.79k     4.20k   50.02k    60.00%
  Latency Distribution
     50%  282.00us
     75%  465.00us
     90%    1.31ms
     99%    5.22ms
  44762 requests in 1.00s, 7.30MB read
Requests/sec:  44705.23
Transfer/sec:      7.29MB
`;

describe("readWrk", () => {
  it("reads requests and percentiles, whatever their unit", () => {
    expect(readWrk(text)).to.deep.equal({
      requests: 44_762,
      requestsPerSecond: 44_705.23,
      p50Us: 282,
      p99Us: 5_220,
    });
  });

  it("takes answers that are errors for none", () => {
    expect(readWrk(text.replace("Requests/sec", "  Non-2xx or 3xx responses: 3\nRequests/sec"))).to.equal(undefined);
    expect(readWrk("unable to connect to 192.0.2.80:http Connection refused\n")).to.equal(undefined);
  });
});
