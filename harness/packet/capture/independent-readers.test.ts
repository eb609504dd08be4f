import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "pcap-parser";
import { toHex } from "../../model/hex.js";
import { maxPacketBytes } from "./captured-packet.js";
import { captureNames, fixturePath, packetsOf, readFixture } from "./fixtures.test.js";
import { writePcapng } from "./write-pcapng.js";

interface SecondOpinion {
  readonly timestampNs: bigint;
  readonly originalLength: number;
  readonly hex: string;
}

/**
 * What pcap-parser makes of a classic microsecond file. On its own it swallows a cut-off file without a word
 * and takes minutes over a corrupt length, so: no length beyond the limit, and nothing left over at the end.
 */
function readWithPcapParser(path: string): Promise<readonly SecondOpinion[]> {
  return new Promise((resolve, reject) => {
    const packets: SecondOpinion[] = [];
    const parser = parse(createReadStream(path));
    parser.on("error", reject);
    parser.on("packetHeader", ({ capturedLength }) => {
      if (capturedLength <= maxPacketBytes) return;
      parser.stream.destroy();
      reject(new Error(`captured length ${capturedLength}`));
    });
    parser.on("packet", ({ header, data }) => {
      const us = BigInt(header.timestampSeconds) * 1_000_000n + BigInt(header.timestampMicroseconds);
      packets.push({ timestampNs: us * 1000n, originalLength: header.originalLength, hex: toHex(data) });
    });
    parser.on("end", () => {
      const left = parser.buffer?.length ?? 0;
      if (left > 0 || parser.state.name !== "parsePacketHeader") reject(new Error(`cut off with ${left} bytes left`));
      else resolve(packets);
    });
  });
}

/** Files whose link type stays as it is: pcap-parser does not cut pseudo headers off. */
const classicMicroseconds = captureNames().filter((name) =>
  ["d4c3b2a1", "a1b2c3d4"].includes(toHex(readFixture(name).subarray(0, 4))),
);
const wholeFrames = classicMicroseconds.filter((name) => !/cooked|loopback/.test(name));

describe("pcap-parser as a second opinion", () => {
  it("has files to look at", () => {
    expect(wholeFrames).to.include.members(["real-traffic.pcap", "big-endian-us.pcap", "raw-ip.pcap"]);
  });

  for (const name of wholeFrames) {
    it(name, async () => {
      if (/^(truncated|corrupt)/.test(name)) {
        const theirs = await readWithPcapParser(fixturePath(name)).catch((error: Error) => error.message);
        expect(theirs).to.match(/^(cut off|captured length)/);
        return;
      }
      const ours = (await packetsOf(readFixture(name))).map(({ timestampNs, originalLength, packet }) => ({
        timestampNs,
        originalLength,
        hex: toHex(packet.bytes),
      }));
      expect(ours).to.deep.equal(await readWithPcapParser(fixturePath(name)));
    });
  }
});

function isInstalled(tool: string): boolean {
  try {
    execFileSync(tool, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const run = (tool: string, args: readonly string[]): string =>
  execFileSync(tool, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

describe(
  isInstalled("tshark")
    ? "Wireshark reads what we write"
    : "Wireshark reads what we write (skipped: tshark is not installed)",
  () => {
    let folder: string;

    before(function () {
      if (!isInstalled("tshark") || !isInstalled("capinfos")) this.skip();
      folder = mkdtempSync(join(tmpdir(), "packetproof-"));
    });

    after(() => {
      if (folder) rmSync(folder, { recursive: true });
    });

    const bytes = readFixture("raw-ip.pcap").subarray(40, 100);
    const file = writePcapng(
      [
        {
          packet: { linkType: "raw-ip", bytes },
          interfaceName: "dut:eth0@xdp",
          timestampNs: 1_700_000_000_123_456_789n,
          originalLength: 1500,
          direction: "inbound",
          verdict: { program: "xdp", returned: 1 },
          comment: "XDP_DROP\nbecause of ttl – 0",
        },
        { packet: { linkType: "ethernet", bytes }, interfaceName: "wan", timestampNs: 1n, direction: "outbound" },
      ],
      { hardware: "a machine", os: "Linux 6.18", application: "packetproof", comment: "a case" },
    );

    it("tshark: times, lengths, names, verdicts and comments", () => {
      const path = join(folder, "written.pcapng");
      writeFileSync(path, file);
      const fields = [
        "time_epoch",
        "len",
        "cap_len",
        "interface_name",
        "packet_flags_direction",
        "verdict.ebpf_xdp",
        "comment",
      ];
      const args = ["-r", path, "-T", "fields", ...fields.flatMap((field) => ["-e", `frame.${field}`])];
      const lines = run("tshark", args).trimEnd().split("\n");
      expect(lines).to.deep.equal([
        "1700000000.123456789\t1500\t60\tdut:eth0@xdp\t0x00000001\t1\tXDP_DROP\\nbecause of ttl – 0",
        "0.000000001\t60\t60\twan\t0x00000002",
      ]);
    });

    it("capinfos: who wrote the file, where", () => {
      const path = join(folder, "written.pcapng");
      writeFileSync(path, file);
      const report = run("capinfos", [path]).replaceAll(/ +/g, " ");
      expect(report).to.include("Capture hardware: a machine");
      expect(report).to.include("Capture oper-sys: Linux 6.18");
      expect(report).to.include("Capture application: packetproof");
      expect(report).to.include("Capture comment: a case");
      expect(report).to.include("Number of interfaces in file: 2");
    });

    for (const name of captureNames().filter((other) => !/^(truncated|corrupt|zero|odd)|cooked|loopback/.test(other))) {
      it(`${name}: tshark sees the same times and lengths`, async () => {
        const fields = ["time_epoch", "len", "cap_len"].flatMap((field) => ["-e", `frame.${field}`]);
        const theirs = run("tshark", ["-r", fixturePath(name), "-T", "fields", ...fields])
          .trimEnd()
          .split("\n");
        const ours = (await packetsOf(readFixture(name))).map(({ timestampNs, originalLength, packet }) => {
          const ns = String(timestampNs).padStart(10, "0");
          return `${ns.slice(0, -9)}.${ns.slice(-9)}\t${originalLength}\t${packet.bytes.length}`;
        });
        expect(ours).to.deep.equal(theirs);
      });
    }
  },
);
