import { expect } from "chai";
import { createNetwork } from "../../../netns/network.js";
import { skipWithoutRoot, twoHosts, uniqueId } from "../../../netns/example-topologies.test.js";
import { AfPacketPort } from "./af-packet.js";
import { itIsAFramePort } from "./port.contract.js";

describe("the AF_PACKET port", () => {
  before(skipWithoutRoot);

  itIsAFramePort(AfPacketPort.open);

  it("tells when the kernel saw a frame", async () => {
    await using network = await createNetwork(twoHosts, uniqueId());
    const near = await AfPacketPort.open(network, twoHosts.from);
    const far = await AfPacketPort.open(network, twoHosts.attach);
    const before = BigInt(Date.now()) * 1_000_000n;
    await near.send([new Uint8Array(60)]);
    const after = BigInt(Date.now() + 1) * 1_000_000n;
    const [captured] = await far.receive();
    expect(captured!.timestampNs! >= before && captured!.timestampNs! <= after).to.equal(true);
    await Promise.all([near.close(), far.close()]);
  });

  it("counts frames for which there was no room", async () => {
    await using network = await createNetwork(twoHosts, uniqueId());
    const near = await AfPacketPort.open(network, twoHosts.from);
    const far = await AfPacketPort.open(network, twoHosts.attach);
    const sent = 60_000;
    const frame = new Uint8Array(1_500);
    await near.send(Array.from({ length: sent }, () => frame));
    const received = (await far.receive()).length;
    expect(await far.lost())
      .to.equal(sent - received)
      .and.to.be.greaterThan(0);
    await Promise.all([near.close(), far.close()]);
  });
});
