import { readFileSync } from "node:fs";
import { join } from "node:path";
import { joinBytes } from "../packet/join-bytes.js";
import { readCapture } from "../packet/capture/read.js";
import { ClassicWriter } from "../packet/capture/write-classic.js";
import { PcapngWriter } from "../packet/capture/write-pcapng.js";
import type { CapturedPacket } from "../packet/capture/captured-packet.js";
import { projectRoot } from "../run/project.js";

/**
 * `npm run soak:pcap`: streams 1 GB of captured packets through the reader and prints packets, speed and memory. Ends with status 1
 * where the peak of resident memory is more than `mostMemoryMb`: then something holds on to what it has read.
 */
const totalBytes = 1_000_000_000;
const mostMemoryMb = 250;
/** Pieces as a file stream with a 64 KiB buffer gives them, but ending anywhere in a packet. */
const chunkBytes = 65_521;

async function recordedPackets(): Promise<readonly CapturedPacket[]> {
  const name = join(projectRoot, "fixtures", "pcap", "real-traffic.pcapng");
  const packets: CapturedPacket[] = [];
  for await (const packet of readCapture(readFileSync(name), name)) packets.push(packet);
  return packets;
}

/** A file header, then the same records over and over until there is 1 GB of them. */
function* stream(header: Uint8Array, records: Uint8Array): Generator<Uint8Array, void, void> {
  yield header;
  const end = Math.floor(totalBytes / records.length) * records.length;
  // Long enough for a piece to begin anywhere in the first repetition.
  const repeated = joinBytes(Array.from({ length: 2 + Math.ceil(chunkBytes / records.length) }, () => records));
  for (let at = 0; at < end; at += chunkBytes) {
    const from = at % records.length;
    yield repeated.slice(from, from + Math.min(chunkBytes, end - at));
  }
}

async function soak(format: string, header: Uint8Array, records: Uint8Array): Promise<boolean> {
  const start = performance.now();
  let packets = 0;
  let packetBytes = 0;
  let peakBytes = 0;
  for await (const { packet } of readCapture(stream(header, records), format)) {
    packets++;
    packetBytes += packet.bytes.length;
    if (packets % 1024 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - start) / 1000;
  const megabytesPerSecond = Math.round(totalBytes / 1e6 / seconds);
  const peakMb = Math.round(peakBytes / 1e6);
  const size = Math.round(packetBytes / packets);
  console.log(
    `${format}: ${packets} packets of ${size} bytes on average, ${megabytesPerSecond} MB/s, ` +
      `${Math.round(packets / seconds / 1000)} k packets/s, peak RSS ${peakMb} MB`,
  );
  return peakMb <= mostMemoryMb;
}

const recorded = await recordedPackets();
const timed = recorded.map((captured) => ({ ...captured, timestampNs: captured.timestampNs ?? 0n }));
const classic = new ClassicWriter({ linkType: "ethernet" });
const pcapng = new PcapngWriter();
// The first packet brings the interface description along, so it belongs to the header.
const beginning = joinBytes([pcapng.section(), pcapng.packet({ ...timed[0]!, interfaceName: "eth0" })]);
const constant = [
  await soak("pcap", classic.fileHeader(), joinBytes(timed.map((captured) => classic.packet(captured)))),
  await soak(
    "pcapng",
    beginning,
    joinBytes(timed.map((captured) => pcapng.packet({ ...captured, interfaceName: "eth0" }))),
  ),
];
if (!constant.every(Boolean)) {
  console.log(`more than ${mostMemoryMb} MB: the reader does not stream in constant memory`);
  process.exitCode = 1;
}
