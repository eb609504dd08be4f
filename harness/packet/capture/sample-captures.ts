import { fromHex } from "../../model/hex.js";
import type { CapturedPacket } from "./captured-packet.js";
import { BytesWriter } from "./bytes-writer.js";
import { joinBytes } from "../join-bytes.js";
import { blockTypes, optionCodes } from "./pcapng-format.js";
import { ClassicWriter } from "./write-classic.js";
import { PcapngWriter } from "./write-pcapng.js";

/**
 * The files of fixtures/pcap that are not recorded but derived from the recording, by name: every
 * variant of the formats that the readers know, and some broken ones. Always the same bytes.
 */
export function sampleCaptures(recorded: readonly CapturedPacket[]): Readonly<Record<string, Uint8Array>> {
  const first = recorded.slice(0, 20);
  const http = recorded.slice(50, 62);
  const ip = http.map(withoutEthernet);
  return {
    "real-traffic.pcap": classic(recorded),
    "big-endian-ns.pcap": classic(first, { nanoseconds: true, littleEndian: false }),
    "little-endian-ns.pcap": classic(first, { nanoseconds: true }),
    "big-endian-us.pcap": classic(first, { littleEndian: false }),
    "http-uncompressed.pcap": classic(http),
    "snapped-64.pcap": classic(recorded.slice(30, 42).map((captured) => snapped(captured, 64))),
    "raw-ip.pcap": classic(ip),
    "linux-cooked.pcap": withLinkType(113, ip, (bytes) => joinBytes([cookedHeader(bytes), bytes])),
    "linux-cooked-2.pcap": withLinkType(276, ip, (bytes) => joinBytes([cooked2Header(bytes), bytes])),
    "loopback-null.pcap": withLinkType(0, ip, (bytes) => joinBytes([Uint8Array.of(2, 0, 0, 0), bytes])),
    "two-sections.pcapng": twoSections(recorded),
    "odd-blocks.pcapng": oddBlocks(recorded),
    "truncated.pcap": classic(first).subarray(0, 1000),
    "truncated.pcapng": twoSections(recorded).subarray(0, 1500),
    "corrupt-length.pcap": corruptLength(first),
    "zero-length-block.pcapng": joinBytes([
      new PcapngWriter().section(),
      new BytesWriter(true).u32(blockTypes.enhancedPacket).u32(0).u32(0).finish(),
    ]),
  };
}

interface Variant {
  readonly nanoseconds?: boolean;
  readonly littleEndian?: boolean;
}

function classic(packets: readonly CapturedPacket[], variant: Variant = {}): Uint8Array {
  const writer = new ClassicWriter({ linkType: packets[0]!.packet.linkType, ...variant });
  return joinBytes([writer.fileHeader(), ...packets.map((captured) => writer.packet(withTime(captured)))]);
}

function withTime(captured: CapturedPacket): CapturedPacket & { readonly timestampNs: bigint } {
  return { ...captured, timestampNs: captured.timestampNs ?? 0n };
}

function withoutEthernet(captured: CapturedPacket): CapturedPacket {
  const bytes = captured.packet.bytes.subarray(14);
  return { ...captured, packet: { linkType: "raw-ip", bytes }, originalLength: bytes.length };
}

function snapped(captured: CapturedPacket, snapBytes: number): CapturedPacket {
  const { linkType, bytes } = captured.packet;
  return { ...captured, packet: { linkType, bytes: bytes.subarray(0, snapBytes) } };
}

/** A file of a link type that the writer does not write: as raw IP, then with another number in the file header. */
function withLinkType(
  linkNumber: number,
  packets: readonly CapturedPacket[],
  wrap: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const file = classic(
    packets.map((captured) => {
      const bytes = wrap(captured.packet.bytes);
      return { ...captured, packet: { linkType: "raw-ip", bytes }, originalLength: bytes.length };
    }),
  );
  new DataView(file.buffer).setUint32(20, linkNumber, true);
  return file;
}

function etherTypeOfIp(bytes: Uint8Array): string {
  return bytes[0]! >> 4 === 6 ? "86dd" : "0800";
}

/** LINKTYPE_LINUX_SLL: packet type, ARPHRD_ETHER, address length, address, EtherType. */
function cookedHeader(bytes: Uint8Array): Uint8Array {
  return fromHex(`0000 0001 0006 020000000001 0000 ${etherTypeOfIp(bytes)}`);
}

/** LINKTYPE_LINUX_SLL2: EtherType, reserved, interface index, ARPHRD_ETHER, packet type, address length, address. */
function cooked2Header(bytes: Uint8Array): Uint8Array {
  return fromHex(`${etherTypeOfIp(bytes)} 0000 00000002 0001 00 06 020000000001 0000`);
}

/** A little-endian section with two interfaces and verdicts, then a big-endian one. */
function twoSections(recorded: readonly CapturedPacket[]): Uint8Array {
  const about = { hardware: "generated", os: "any", application: "packetproof sample-captures" };
  const [little, big] = [new PcapngWriter(about), new PcapngWriter({ ...about, littleEndian: false })];
  const before = recorded.slice(2, 8).map(withTime);
  const after = recorded.slice(8, 12).map(withTime);
  return joinBytes([
    little.section(),
    ...before.map((captured, i) =>
      little.packet(
        i % 2 === 0
          ? { ...captured, interfaceName: "client:eth0", direction: "outbound" }
          : {
              ...captured,
              interfaceName: "dut:eth0@xdp",
              direction: "inbound",
              verdict: { program: "xdp", returned: 2 },
              comment: "XDP_PASS",
            },
      ),
    ),
    big.section(),
    ...after.map((captured) =>
      big.packet({
        ...captured,
        interfaceName: "dut:eth1@tc-egress",
        verdict: { program: "tc", returned: -1 },
        comment: "TC_ACT_UNSPEC",
      }),
    ),
  ]);
}

/** What writers other than ours put into a file: clocks in powers of two, old and simple packets, blocks to be skipped. */
function oddBlocks(recorded: readonly CapturedPacket[]): Uint8Array {
  const bytes = recorded[2]!.packet.bytes;
  const length = bytes.length;
  return joinBytes([
    new PcapngWriter({ comment: "a file with odd blocks" }).section(),
    // Ethernet, cut off at 60 bytes; 2^-10 seconds a tick, counted from an hour after the epoch.
    block(blockTypes.interface, (body) => {
      body.u16(1).u16(0).u32(60);
      body.u16(optionCodes.interface.timeResolution).u16(1).u8(0x8a).pad();
      body.u16(optionCodes.interface.timeOffset).u16(8).u64(3600n).u32(optionCodes.end);
    }),
    // Name resolution, interface statistics and a custom block: nobody asked.
    block(4, (body) => body.u32(0)),
    block(0x0000_0bad, (body) => body.u32(32_473).bytes(fromHex("00010203"))),
    block(blockTypes.simplePacket, (body) => body.u32(length).bytes(bytes.subarray(0, 60))),
    block(blockTypes.packet, (body) => {
      body.u16(0).u16(0xffff).u32(0).u32(1024).u32(length).u32(length).bytes(bytes).pad();
    }),
    block(5, (body) => body.u32(0).u32(0).u32(2048)),
    block(blockTypes.enhancedPacket, (body) => {
      body.u32(0).u32(0).u32(1536).u32(length).u32(length).bytes(bytes).pad();
      body.u16(optionCodes.comment).u16(5).bytes(fromHex("6669727374")).pad();
      body.u16(optionCodes.comment).u16(6).bytes(fromHex("7365636f6e64")).pad();
    }),
  ]);
}

function block(type: number, write: (body: BytesWriter) => void): Uint8Array {
  const writer = new BytesWriter(true).u32(type).u32(0);
  write(writer);
  const bytes = writer.length + 4;
  return writer.patch32(4, bytes).u32(bytes).finish();
}

/** The third packet says that it is 4 GiB long. */
function corruptLength(packets: readonly CapturedPacket[]): Uint8Array {
  const file = classic(packets);
  const third = 24 + 2 * 16 + packets[0]!.packet.bytes.length + packets[1]!.packet.bytes.length;
  new DataView(file.buffer).setUint32(third + 8, 0xffff_fff0, true);
  return file;
}
