import { expect } from "chai";
import type { Place, Topology } from "../../model/topology.js";
import { createNetwork, type Network } from "../../../netns/network.js";
import { uniqueId, twoHosts } from "../../../netns/example-topologies.test.js";
import type { FramePort, OpenPort } from "./port.js";

/** What every frame port has to do; `*.live.test.ts` call it with theirs. */
export function itIsAFramePort(open: OpenPort): void {
  const topology: Topology = twoHosts;
  let network: Network;
  let near: FramePort;
  let far: FramePort;

  beforeEach(async () => {
    network = await createNetwork(topology, uniqueId());
    near = await open(network, topology.from);
    far = await open(network, topology.attach);
  });
  afterEach(async () => {
    await near.close();
    await far.close();
    await network[Symbol.asyncDispose]();
  });

  it("delivers frames as they were sent, in order", async () => {
    const frames = [14, 60, 61, 1514].map((length, i) => frame(length, i));
    await near.send(frames);
    expect(await receiveAll(far, frames.length)).to.deep.equal(frames);
  });

  it("says where a frame arrived", async () => {
    await near.send([frame(60, 1)]);
    expect(await far.wait(5_000)).to.equal(true);
    const [captured] = await far.receive();
    expect(captured?.place).to.deep.equal(topology.attach satisfies Place);
  });

  it("keeps VLAN tags where they were", async () => {
    const single = frame(64, 1, [0x81, 0x00, 0x20, 0x05, 0x08, 0x00]);
    const double = frame(68, 2, [0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0xc8, 0x08, 0x06]);
    await near.send([single, double]);
    expect(await receiveAll(far, 2)).to.deep.equal([single, double]);
  });

  it("does not show what the interface itself sends", async () => {
    await near.send([frame(60, 1)]);
    await receiveAll(far, 1);
    await far.send([frame(60, 2)]);
    expect(await receiveAll(near, 1)).to.deep.equal([frame(60, 2)]);
    expect(await far.receive()).to.deep.equal([]);
  });

  it("keeps what nobody has fetched yet", async () => {
    const frames = Array.from({ length: 500 }, (_, i) => frame(60, i));
    await near.send(frames);
    expect(await receiveAll(far, frames.length)).to.deep.equal(frames);
    expect([0, undefined]).to.include(await far.lost());
  });

  it("says that nothing is there", async () => {
    expect(await far.wait(1)).to.equal(false);
    expect(await far.receive()).to.deep.equal([]);
  });
}

/** An Ethernet frame of `length` bytes between the two hosts, told apart by `number`. */
function frame(length: number, number: number, typeAndTags: readonly number[] = [0x08, 0x00]): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...typeAndTags]);
  if (length >= 60) new DataView(bytes.buffer).setUint32(length - 4, number);
  return bytes;
}

async function receiveAll(port: FramePort, count: number): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = [];
  while (frames.length < count && (await port.wait(5_000)))
    frames.push(...(await port.receive()).map(({ bytes }) => bytes));
  return frames;
}
