import { expect } from "chai";
import { ipSummed } from "../model/ip-summed.js";
import type { Packet } from "../model/packet.js";
import { missingContext, testRunInputs, testRunOutputs } from "./context.js";

const bytes = Uint8Array.from({ length: 60 }, (_, i) => i);
const packet: Packet = { linkType: "ethernet", bytes };
const u32 = (of: Uint8Array, offset: number): number => new DataView(of.buffer, of.byteOffset).getUint32(offset, true);

describe("test run context", () => {
  it("puts XDP metadata in front of the packet and says where the packet starts", () => {
    const { data, context } = testRunInputs("xdp", packet, bytes, { data_meta: Uint8Array.of(1, 2, 3, 4) });
    expect([...data.subarray(0, 6)]).to.deep.equal([1, 2, 3, 4, 0, 1]);
    expect(u32(context!, 0)).to.equal(4);
    expect(u32(context!, 4)).to.equal(64);
    expect(u32(context!, 8), "data_meta has to be zero").to.equal(0);
  });

  it("takes metadata that the program made off the packet again", () => {
    const context = new Uint8Array(new Uint32Array([8, 68, 0, 0, 0, 0]).buffer);
    const { bytes: out, fields } = testRunOutputs(
      "xdp",
      Uint8Array.from({ length: 68 }, (_, i) => i),
      context,
    );
    expect(out![0]).to.equal(8);
    expect(fields["data_meta"]).to.deep.equal(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  });

  it("gives skb programs a context only where one is wanted", () => {
    expect(testRunInputs("sched_cls", packet, bytes, {}).context).to.equal(undefined);
    const { context } = testRunInputs("sched_cls", packet, bytes, { mark: 7, cb: [1, 2, 3, 4, 5], tstamp: 2n ** 60n });
    expect(context).to.have.lengthOf(192);
    expect([8, 48, 52, 64].map((offset) => u32(context!, offset))).to.deep.equal([7, 1, 2, 5]);
    const { fields } = testRunOutputs("sched_cls", bytes, context!);
    expect(fields).to.include({ mark: 7, tstamp: 2n ** 60n, priority: 0 });
    expect(fields["cb"]).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it("asks for the sum of the packet's bytes by a flag, not by a context", () => {
    const { context, flags } = testRunInputs("sched_cls", packet, bytes, { ip_summed: ipSummed.complete });
    expect([context, flags]).to.deep.equal([undefined, 4]);
  });

  it("makes a socket lookup of a packet, unless the scenario says otherwise", () => {
    // 192.0.2.1:40000 > 192.0.2.2:7000, TCP
    const header = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    const tcp = [0x9c, 0x40, 0x1b, 0x58, ...Array.from({ length: 8 }, () => 0), 0x50, 2, 0, 0, 0, 0, 0, 0];
    const lookup: Packet = { linkType: "raw-ip", bytes: Uint8Array.from([...header, ...tcp]) };
    const { data, context } = testRunInputs("sk_lookup", lookup, lookup.bytes, { local_port: 80 });
    expect(data).to.have.lengthOf(0);
    expect([u32(context!, 8), u32(context!, 12), u32(context!, 60)]).to.deep.equal([2, 6, 80]);
    expect([...context!.subarray(16, 20)]).to.deep.equal([192, 0, 2, 1]);
    expect([...context!.subarray(36, 44)]).to.deep.equal([0x9c, 0x40, 0, 0, 192, 0, 2, 2]);
  });

  it("shows flow keys in place of a packet", () => {
    const keys = new Uint8Array(56);
    keys.set([14, 0, 34, 0, 0, 8], 0);
    keys.set([0x04, 0x57], 12);
    const { bytes: out, fields } = testRunOutputs("flow_dissector", keys, new Uint8Array(0));
    expect(out).to.equal(undefined);
    expect(fields).to.include({ nhoff: 14, thoff: 34, addr_proto: 0x800, sport: 1111 });
  });

  it("names what cannot be set or shown", () => {
    expect(missingContext("sched_cls", { mark: 1, hash: 1 }, ["priority", "gso_size"])).to.deep.equal([
      "a test run cannot set __sk_buff.hash",
      "a test run does not show __sk_buff.gso_size",
    ]);
    expect(missingContext("sched_cls", { ip_summed: ipSummed.partial }, ["ip_summed"])).to.deep.equal([
      "a test run's packet has no checksum (ip_summed: none) or the sum of its bytes (complete)",
    ]);
    expect(missingContext("sched_cls", { ip_summed: ipSummed.none }, ["ip_summed"])).to.deep.equal([
      "a test run does not show __sk_buff.ip_summed",
    ]);
    expect(missingContext("xdp", { data_meta: new Uint8Array(4), egress_ifindex: 1 }, ["data_meta"])).to.deep.equal([
      "a test run cannot set xdp_md.egress_ifindex",
    ]);
  });
});
