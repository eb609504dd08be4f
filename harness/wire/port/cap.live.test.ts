import { skipWithoutRoot } from "../../../netns/example-topologies.test.js";
import { CapPort, isCapInstalled } from "./cap.js";
import { itIsAFramePort } from "./port.contract.js";

describe("the cap port", function () {
  // Each port is a Node process.
  this.timeout(20_000);

  before(skipWithoutRoot);
  before(function () {
    if (isCapInstalled()) return;
    console.log("      the package cap is not installed: npm install cap (needs libpcap-dev)");
    this.skip();
  });

  itIsAFramePort(CapPort.open);
});
