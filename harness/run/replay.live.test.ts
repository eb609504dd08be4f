import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { clangArguments } from "./compile.js";
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

  it("goes on with zeroes where a program reads of the stack what it has not written, and warns", async () => {
    const folder = await mkdtemp(join(tmpdir(), "packetproof-replay-"));
    try {
      const file = join(folder, "unwritten.bpf.c");
      // To set one bit, the whole byte is read and written.
      await writeFile(
        file,
        `#include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        SEC("xdp") int sets_a_bit(struct xdp_md *context) {
          volatile __u8 flags;
          flags |= 1;
          return flags & 1 ? XDP_PASS : XDP_DROP;
        }
        char LICENSE[] SEC("license") = "GPL";`,
      );
      await execa("clang", [...clangArguments(), "-c", file, "-o", `${file}.o`]);
      const packets = join(fixtures, "pcap", "real-traffic.pcap");
      const object = await readProgram(`${file}.o`);
      const { report } = await replayCapture({ object, packets, backends: ["sim", "kernel"] });
      expect(report.totals).to.include({ agree: 174, faults: 0 });
      expect(report.packets[0]!.sim!.warning).to.match(/of the stack frame .* was never written/);
      const alone = await replayCapture({ object, packets, backends: ["sim"] });
      expect(alone.report.totals).to.include({ faults: 174 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("goes on behind a packet that both refuse", async () => {
    const object = await readProgram(join(fixtures, "objects", "tc_drop.bpf.o"));
    const packets = join(fixtures, "pcap", "raw-ip.pcap");
    const { report } = await replayCapture({ object, packets, backends: ["sim", "kernel"] });
    expect(report.packets[0]!.kernel!.refused).to.contain("no Ethernet header");
    expect(report.totals.agree).to.equal(report.packets.length);
  });
});
