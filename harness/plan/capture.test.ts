import { expect } from "chai";
import type { Span } from "../model/span.js";
import { packetsOfCapture } from "./capture.js";

const position = { line: 1, column: 1, offset: 0 };
const span: Span = { file: "s.yml", start: position, end: position };

/** A classic pcap of so many empty Ethernet packets: each is a record header of zeroes. */
function emptyPackets(count: number): Uint8Array {
  const bytes = new Uint8Array(24 + 16 * count);
  const header = new DataView(bytes.buffer);
  [0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 1].forEach((word, i) => header.setUint32(4 * i, word, true));
  return bytes;
}

describe("packetsOfCapture", () => {
  it("refuses more packets than a step holds, and asks for a choice", async () => {
    const source = { kind: "capture", path: { value: "big.pcap", span }, set: [], span } as const;
    const capture = { ...source, frames: undefined, filter: undefined };
    expect(await packetsOfCapture(capture, () => emptyPackets(100_000))).to.have.length(100_000);
    const refusal = await packetsOfCapture(capture, () => emptyPackets(100_001)).catch((error: unknown) => error);
    expect(refusal).to.have.property("message", "big.pcap has more than 100000 packets to send in one step");
    const few = { ...capture, frames: [[1, 5]] as const };
    expect(await packetsOfCapture(few, () => emptyPackets(100_001))).to.have.length(5);
  });
});
