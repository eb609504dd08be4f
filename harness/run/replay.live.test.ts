import { join } from "node:path";
import { expect } from "chai";
import { readProgram } from "./object.js";
import { projectRoot } from "./project.js";
import { replayCapture } from "./replay.js";

const fixtures = join(projectRoot, "fixtures");

describe("replay on simulator and kernel", () => {
  for (const name of [
    "xdp_lb",
    "xdp_icmp_drop",
    "xdp_blacklist",
    "vlan",
    "tc_ping_pong",
    "tc_drop",
    "socket_filter",
    "legacy_maps",
  ]) {
    it(`${name} does the same to real traffic on both`, async () => {
      const object = await readProgram(join(fixtures, "objects", `${name}.bpf.o`));
      const packets = join(fixtures, "pcap", "real-traffic.pcap");
      for (const { name: program } of object.programs) {
        const { report } = await replayCapture({ object, program, packets, backends: ["sim", "kernel"] });
        const differing = report.packets.filter(({ agree }) => agree !== true);
        expect(differing.slice(0, 3)).to.deep.equal([]);
        expect(report.maps.filter(({ agree }) => !agree)).to.deep.equal([]);
        expect(report.totals.agree).to.equal(174);
      }
    });
  }

  it("goes on behind a packet that both refuse", async () => {
    const object = await readProgram(join(fixtures, "objects", "tc_drop.bpf.o"));
    const packets = join(fixtures, "pcap", "raw-ip.pcap");
    const { report } = await replayCapture({ object, packets, backends: ["sim", "kernel"] });
    expect(report.packets[0]!.kernel!.refused).to.contain("no Ethernet header");
    expect(report.totals.agree).to.equal(report.packets.length);
  });
});
