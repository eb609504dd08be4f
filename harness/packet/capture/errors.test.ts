import { expect } from "chai";
import { gzipSync } from "node:zlib";
import { fromHex } from "../../model/hex.js";
import { BytesWriter } from "./bytes-writer.js";
import { readAll, readFixture } from "./fixtures.test.js";
import { joinBytes } from "../join-bytes.js";

const text = (characters: string): Uint8Array => new TextEncoder().encode(characters);

/** A fixture with a few bytes overwritten. */
function patched(name: string, at: number, hex: string): Uint8Array {
  const bytes = Uint8Array.from(readFixture(name));
  bytes.set(fromHex(hex), at);
  return bytes;
}

const section = new BytesWriter(true).u32(0x0a0d0d0a).u32(28).u32(0x1a2b3c4d).u16(1).u16(0).u64(-1n).u32(28).finish();

function block(type: number, body: string): Uint8Array {
  const bytes = fromHex(body);
  return new BytesWriter(true)
    .u32(type)
    .u32(bytes.length + 12)
    .bytes(bytes)
    .u32(bytes.length + 12)
    .finish();
}

const interfaceBlock = block(1, "01000000 00000400");

/** What each wrong file is answered with, word for word: the texts are part of the product. */
const answers: readonly (readonly [what: string, file: Uint8Array, message: string])[] = [
  ["an empty file", new Uint8Array(), "byte 0: the file is empty; expected a pcap or pcapng file"],
  ["three bytes", text("abc"), "byte 3: the file ends inside its magic number; expected a pcap or pcapng file"],
  [
    "text",
    text("#!/bin/sh"),
    "byte 0: not a capture file: expected the magic number of pcap, pcapng or gzip, found 23212f62",
  ],
  [
    "an ELF object",
    fromHex("7f454c46020101"),
    "byte 0: not a capture file: expected the magic number of pcap, pcapng or gzip, found 7f454c46 (an ELF object)",
  ],
  [
    "half a file header",
    readFixture("raw-ip.pcap").subarray(0, 20),
    "byte 0: the file ends inside the pcap file header: expected 24 bytes from here on, found 20",
  ],
  ["pcap 2.3", patched("raw-ip.pcap", 4, "02000300"), "byte 4: pcap version 2.3; expected 2.4"],
  [
    "a cut packet header",
    readFixture("raw-ip.pcap").subarray(0, 30),
    "byte 24: the file ends inside packet 1: expected 16 bytes from here on, found 6",
  ],
  [
    "a cut packet",
    readFixture("raw-ip.pcap").subarray(0, 50),
    "byte 24: the file ends inside packet 1: expected 76 bytes from here on, found 26",
  ],
  [
    "a captured length of 4 GiB",
    patched("raw-ip.pcap", 32, "ffffffff"),
    "byte 32: the captured length is 4294967295; expected at most 262144",
  ],
  [
    "an impossible time",
    patched("raw-ip.pcap", 28, "40420f00"),
    "byte 28: the fraction of the second is 1000000; expected less than 1000000",
  ],
  [
    "an unknown link type",
    patched("raw-ip.pcap", 20, "69000000"),
    "byte 24: packet 1 has link type 105; expected one of 0 (NULL), 1 (ETHERNET), 12 (DLT_RAW), " +
      "14 (DLT_RAW (OpenBSD)), 101 (RAW), 108 (LOOP), 113 (LINUX_SLL), 228 (IPV4), 229 (IPV6), 276 (LINUX_SLL2)",
  ],
  [
    "a loopback packet that is not IP",
    patched("loopback-null.pcap", 40, "07000000"),
    "byte 24: packet 1 is not an IP packet; expected IPv4 or IPv6 behind the 4-byte NULL header",
  ],
  [
    "gzip that ends early",
    readFixture("http.pcap.gz").subarray(0, 10),
    "byte 0: the gzip data is corrupt or cut off: expected more compressed data at this byte of the decompressed file",
  ],
  [
    "gzip inside gzip",
    gzipSync(readFixture("http.pcap.gz")),
    "byte 0: not a capture file: expected the magic number of pcap, pcapng or gzip, found 1f8b0800",
  ],
  [
    "a wrong byte-order magic",
    patched("two-sections.pcapng", 8, "00000000"),
    "byte 8: the section's byte-order magic is 00000000; expected 1a2b3c4d in either byte order",
  ],
  ["pcapng 2.0", patched("two-sections.pcapng", 12, "0200"), "byte 12: pcapng version 2.0; expected 1.0"],
  [
    "a block without length",
    readFixture("zero-length-block.pcapng"),
    "byte 32: the length of an Enhanced Packet Block is 0; expected a multiple of 4 from 12 to 16777216",
  ],
  [
    "a block of 17 MiB",
    joinBytes([section, fromHex("0a000000 00001001 00000000")]),
    "byte 32: the length of a block of type 0x0000000a is 17825792; expected a multiple of 4 from 12 to 16777216",
  ],
  [
    "two lengths that differ",
    joinBytes([section, fromHex("01000000 14000000 01000000 00000400 18000000")]),
    "byte 44: the length at the end of an Interface Description Block is 24; expected 20 as at its start",
  ],
  [
    "an unknown block that is cut off",
    joinBytes([section, fromHex("0a000000 00010000 00000000")]),
    "byte 28: the file ends inside a block of type 0x0000000a: expected 256 bytes from here on, found 12",
  ],
  [
    "a packet before any interface",
    joinBytes([section, block(6, "00000000 00000000 00000000 00000000 00000000")]),
    "byte 36: the packet is of interface 0; expected an interface description before the first packet",
  ],
  [
    "a packet of an interface that is not there",
    joinBytes([section, interfaceBlock, block(6, "05000000 00000000 00000000 00000000 00000000")]),
    "byte 56: the packet is of interface 5; expected a number below 1",
  ],
  [
    "a captured length beyond the block",
    joinBytes([section, interfaceBlock, block(6, "00000000 00000000 00000000 40000000 40000000")]),
    "byte 76: the packet data runs over the end of its block: expected 64 bytes, found 0",
  ],
  [
    "a simple packet longer than its block",
    joinBytes([section, interfaceBlock, block(3, "40000000 00000000")]),
    "byte 60: the packet data runs over the end of its block: expected 64 bytes, found 4",
  ],
  [
    "an option beyond the block",
    joinBytes([section, block(1, "01000000 00000400 02004000 65746830")]),
    "byte 48: option 2 runs over the end of its block: expected 64 bytes, found 4",
  ],
  [
    "a clock option of the wrong size",
    joinBytes([section, block(1, "01000000 00000400 09000200 09000000")]),
    "byte 46: the length of if_tsresol is 2; expected 1",
  ],
  [
    "an interface block without content",
    joinBytes([section, block(1, "")]),
    "byte 36: an interface description runs over the end of its block: expected 8 bytes, found 0",
  ],
];

describe("errors of captures", () => {
  for (const [what, file, message] of answers) {
    it(`${what}: ${message}`, async () => {
      expect((await readAll(file)).error?.message).to.equal(`file: ${message}`);
    });
  }

  it("a section with endless interfaces ends in an error, not in all of the memory", async () => {
    function* endless(): Generator<Uint8Array, void, void> {
      yield section;
      for (;;) yield interfaceBlock;
    }
    const { error } = await readAll(endless());
    expect(error?.message).to.match(/more than 65536 interfaces; expected fewer$/);
  });
});
