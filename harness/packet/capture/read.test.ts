import { expect } from "chai";
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { captureNames, packetsOf, readAll, readFixture } from "./fixtures.test.js";
import { parseFrames } from "./frames.js";
import { joinBytes } from "../join-bytes.js";

/** Big enough to be all there is of these small files, and two sizes that cut through everything. */
const chunkSizes = [1, 7, 1 << 20];

function* chunked(bytes: Uint8Array, size: number): Generator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const broken = /^(truncated|corrupt|zero)/;

describe("reading captures", () => {
  for (const name of captureNames()) {
    it(`${name}: the same packets (and error) in pieces of any size`, async () => {
      const file = readFixture(name);
      const whole = await readAll(file);
      expect(whole.error === undefined).to.equal(!broken.test(name));
      for (const size of chunkSizes) {
        const pieces = await readAll(chunked(file, size));
        expect(pieces.packets).to.deep.equal(whole.packets);
        expect(pieces.error?.message).to.equal(whole.error?.message);
      }
    });
  }

  it("reads a recording of 174 packets from two interfaces", async () => {
    const packets = await packetsOf(readFixture("real-traffic.pcapng"));
    expect(packets).to.have.length(174);
    expect(new Set(packets.map((captured) => captured.interfaceName))).to.deep.equal(new Set(["lan", "wan"]));
    expect(packets.map(({ index }) => index)).to.deep.equal(Array.from({ length: 174 }, (_, i) => i + 1));
  });

  it("finds the same packets in every variant of the classic format", async () => {
    const recorded = (await packetsOf(readFixture("real-traffic.pcapng"))).slice(0, 20);
    for (const name of ["big-endian-ns.pcap", "little-endian-ns.pcap", "big-endian-us.pcap"]) {
      const packets = await packetsOf(readFixture(name));
      const unitNs = name.endsWith("-ns.pcap") ? 1n : 1000n;
      expect(packets.map(({ packet }) => packet)).to.deep.equal(recorded.map(({ packet }) => packet));
      expect(packets.map(({ timestampNs }) => timestampNs)).to.deep.equal(
        recorded.map(({ timestampNs }) => (timestampNs! / unitNs) * unitNs),
      );
    }
  });

  it("cuts the pseudo headers of cooked and loopback captures off", async () => {
    const raw = await packetsOf(readFixture("raw-ip.pcap"));
    expect(raw[0]!.packet.linkType).to.equal("raw-ip");
    for (const name of ["linux-cooked.pcap", "linux-cooked-2.pcap", "loopback-null.pcap"]) {
      expect(await packetsOf(readFixture(name)), name).to.deep.equal(raw);
    }
  });

  it("keeps the length on the wire of packets that were cut off", async () => {
    const packets = await packetsOf(readFixture("snapped-64.pcap"));
    expect(packets[1]!.packet.bytes).to.have.length(64);
    expect(packets[1]!.originalLength).to.equal(1462);
  });

  it("gives each section of a pcapng file its own byte order and interfaces", async () => {
    const packets = await packetsOf(readFixture("two-sections.pcapng"));
    expect(packets.map((captured) => captured.interfaceName)).to.deep.equal([
      "client:eth0",
      "dut:eth0@xdp",
      "client:eth0",
      "dut:eth0@xdp",
      "client:eth0",
      "dut:eth0@xdp",
      ...Array.from({ length: 4 }, () => "dut:eth1@tc-egress"),
    ]);
    expect(packets[1])
      .to.include({ comment: "XDP_PASS" })
      .and.deep.include({
        verdict: { program: "xdp", returned: 2 },
      });
    expect(packets[6]!.verdict).to.deep.equal({ program: "tc", returned: -1 });
  });

  it("reads simple and obsolete packets, clocks in powers of two, and passes over the rest", async () => {
    const packets = await packetsOf(readFixture("odd-blocks.pcapng"));
    expect(
      packets.map(({ timestampNs, originalLength, comment }) => [timestampNs, originalLength, comment]),
    ).to.deep.equal([
      [undefined, 98, undefined],
      [3_601_000_000_000n, 98, undefined],
      [3_601_500_000_000n, 98, "first\nsecond"],
    ]);
    expect(packets.map(({ packet }) => packet.bytes.length)).to.deep.equal([60, 98, 98]);
  });

  it("decompresses gzip, told by its magic number", async () => {
    expect(await packetsOf(readFixture("http.pcap.gz"))).to.deep.equal(
      await packetsOf(readFixture("http-uncompressed.pcap")),
    );
  });

  it("copies packets out of the input, be it a Uint8Array or a Buffer", async () => {
    const file = readFixture("http-uncompressed.pcap");
    const expected = await packetsOf(Uint8Array.from(file));
    for (const input of [Uint8Array.from(file), Buffer.from(file)]) {
      const packets = await packetsOf(input);
      input.fill(0xee);
      expect(packets).to.deep.equal(expected);
    }
  });
});

describe("picking frames", () => {
  const file = readFixture("real-traffic.pcap");
  const indexes = async (frames: string): Promise<readonly number[]> =>
    (await packetsOf(file, { frames: parseFrames(frames) })).map(({ index }) => index);

  it("delivers only the packets asked for, in file order, with their numbers", async () => {
    expect(await indexes("25,1-3")).to.deep.equal([1, 2, 3, 25]);
    expect(await indexes("173-")).to.deep.equal([173, 174]);
    expect(await indexes("500")).to.deep.equal([]);
    expect(await packetsOf(file, { frames: [] })).to.deep.equal([]);
  });

  it("does not read on behind the last one: what is broken there does not matter", async () => {
    expect(await packetsOf(readFixture("corrupt-length.pcap"), { frames: [[1, 2]] })).to.have.length(2);
  });

  it("does not look into packets that nobody asked for", async () => {
    // An ARP packet in a cooked capture has no IP packet inside: only an error where it is wanted.
    const cooked = Uint8Array.from(readFixture("linux-cooked.pcap"));
    cooked.set([0x08, 0x06], 24 + 16 + 14);
    expect(await packetsOf(cooked, { frames: [[2, 3]] })).to.have.length(2);
    expect((await readAll(cooked)).error?.message).to.equal(
      "file: byte 24: packet 1 is not an IP packet; expected IPv4 or IPv6 behind the 16-byte LINUX_SLL header",
    );
  });

  it("closes its input when the reader stops early, through gzip too", async () => {
    for (const wrap of [(bytes: Uint8Array) => bytes, (bytes: Uint8Array) => gzipSync(bytes)]) {
      let closed = false;
      async function* watched(): AsyncGenerator<Uint8Array, void, void> {
        try {
          yield* chunked(wrap(file), 100);
        } finally {
          closed = true;
        }
      }
      await packetsOf(watched(), { frames: [[1, 1]] });
      expect(closed).to.equal(true);
    }
  });
});

describe("hostile captures", () => {
  /** Files, and after how many of their bytes a shorter file would be complete: behind every record or block. */
  const small = {
    "http-uncompressed.pcap": 12,
    "big-endian-ns.pcap": 20,
    "two-sections.pcapng": 14,
    "odd-blocks.pcapng": 7,
    "http.pcap.gz": 0,
  };

  for (const [name, completeLengths] of Object.entries(small)) {
    it(`${name} cut off anywhere: the packets before, and an error unless a record ends there`, async () => {
      const file = readFixture(name);
      const whole = await packetsOf(file);
      let complete = 0;
      for (let length = 0; length < file.length; length++) {
        const { packets, error } = await readAll(file.subarray(0, length));
        expect(packets).to.deep.equal(whole.slice(0, packets.length));
        if (!error) complete++;
      }
      expect(complete).to.equal(completeLengths);
    });
  }

  it("changed bytes anywhere: packets or an error of ours, within the limits", async () => {
    const files = Object.keys(small).map(readFixture);
    const mutation = fc.record({
      file: fc.constantFrom(...files),
      changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 0xff, 0x7f, 0x80))), {
        minLength: 1,
        maxLength: 12,
      }),
      cutTo: fc.option(fc.nat()),
      repeated: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ file, changes, cutTo, repeated }) => {
        const bytes = repeated ? joinBytes([file, file]) : Uint8Array.from(file);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { packets } = await readAll(bytes.subarray(0, cutTo === null ? bytes.length : cutTo % bytes.length));
        for (const { packet } of packets) expect(packet.bytes.length).to.be.at.most(262_144);
      }),
      { numRuns: 3000, seed: 61 },
    );
  });

  it("any bytes at all behind a valid beginning", async () => {
    const beginnings = [
      readFixture("raw-ip.pcap").subarray(0, 24),
      readFixture("two-sections.pcapng").subarray(0, 236),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 400 }), async (beginning, rest) => {
        await readAll(joinBytes([beginning, rest]));
      }),
      { numRuns: 1000, seed: 62 },
    );
  });

  it("a gzip bomb is read no further than anybody asks", async () => {
    // 64 MiB of zeros behind two good packets: the reader gives up at the first bad block instead of inflating it all.
    const good = readFixture("http-uncompressed.pcap");
    const bomb = gzipSync(joinBytes([good, new Uint8Array(64 << 20).fill(0xff)]));
    const { packets, error } = await readAll(bomb);
    expect(packets).to.have.length(12);
    expect(error?.message).to.equal("file: byte 1312: the captured length is 4294967295; expected at most 262144");
  });

  it("an input that fails is not mistaken for corrupt data", async () => {
    for (const beginning of [readFixture("http.pcap.gz"), readFixture("raw-ip.pcap")]) {
      function* failing(): Generator<Uint8Array, void, void> {
        yield beginning.subarray(0, 50);
        throw new Error("disk on fire");
      }
      const failure = await readAll(failing()).then(
        () => undefined,
        (error: Error) => error.message,
      );
      expect(failure).to.equal("disk on fire");
    }
  });
});
