import { expect } from "chai";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HarnessError } from "../../model/error.js";
import type { CapturedPacket, CaptureInput } from "./captured-packet.js";
import { readCapture, type ReadOptions } from "./read.js";

/** The shipped captures, for this and other tests. */
const folder = ((): URL => {
  let at = new URL(".", import.meta.url);
  while (!existsSync(new URL("package.json", at))) at = new URL("..", at);
  return new URL("fixtures/pcap/", at);
})();

export function fixturePath(name: string): string {
  return new URL(name, folder).pathname;
}

export function readFixture(name: string): Uint8Array {
  return readFileSync(fixturePath(name));
}

export function captureNames(): readonly string[] {
  return readdirSync(folder).filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name));
}

/** Everything a reader delivered, and the error it ended with. Any other error than ours is the test's failure. */
export async function readAll(
  input: CaptureInput,
  options?: ReadOptions,
): Promise<{ readonly packets: readonly CapturedPacket[]; readonly error: HarnessError | undefined }> {
  const packets: CapturedPacket[] = [];
  try {
    for await (const packet of readCapture(input, "file", options)) packets.push(packet);
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== "capture") throw error;
    return { packets, error };
  }
  return { packets, error: undefined };
}

/** The packets of a file that has to be all right. */
export async function packetsOf(input: CaptureInput, options?: ReadOptions): Promise<readonly CapturedPacket[]> {
  const { packets, error } = await readAll(input, options);
  if (error) throw error;
  return packets;
}

describe("fixtures/pcap/README.md", () => {
  it("describes every capture of the folder", () => {
    const text = readFileSync(fixturePath("README.md"), "utf8");
    expect(captureNames().filter((name) => !text.includes(`\`${name}\``))).to.deep.equal([]);
  });
});
