import { buildPacket } from "../../packet/build.js";
import { layer } from "../../packet/layer.js";

/** As in bpf/bench/bench_probe.bpf.c: where the mark begins, and what it begins with. */
export const markOffset = 42;
const magic = "70706272";
export const slots = 4096;

/** From the client to an address that its neighbour has to do something about. */
export const addresses = {
  client: "10.0.0.1",
  /** What frames say they come from: on the client's network, and nobody's. */
  source: "10.0.0.7",
  destination: "10.0.9.9",
} as const;
export const macs = {
  client: { eth0: "02:00:00:00:00:01", eth1: "02:00:00:00:00:11" },
  dut: { eth0: "02:00:00:00:00:02", eth1: "02:00:00:00:00:12" },
} as const;
export const ports = { source: 40_000, destination: 7 } as const;

/**
 * A UDP frame of 64 bytes (without frame check sequence), 60 of them Ethernet's shortest, that the stopwatch can tell from others. Behind
 * the slot comes its complement, so that checksums are the same whatever the slot is.
 */
export function markedFrame(): Uint8Array {
  const mark = `0x${magic}00000000ffffffff` + "00".repeat(10);
  return buildPacket([
    layer("eth", { src: macs.client.eth0, dst: macs.dut.eth0 }),
    layer("ipv4", { src: addresses.source, dst: addresses.destination }),
    layer("udp", { sport: ports.source, dport: ports.destination }),
    layer("payload", mark),
  ]).bytes;
}

/** Writes the slot into a frame. */
export function setSlot(frame: Uint8Array, slot: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset + markOffset + magic.length / 2);
  view.setUint32(0, slot, true);
  view.setUint32(4, ~slot, true);
}
