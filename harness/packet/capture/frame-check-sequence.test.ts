import { expect } from "chai";
import { fromHex, toHex } from "../../model/hex.js";
import { packetsOf } from "./fixtures.test.js";

/** One 20-byte frame whose last four bytes are its frame check sequence. */
const frame = "0102030405060708090a0b0c0d0e0f10 deadbeef";
const withoutFcs = "0102030405060708090a0b0c0d0e0f10";

function classic(linkField: string, captured: string, original: string, bytes: string): Uint8Array {
  return fromHex(
    `a1b2c3d4 0002 0004 00000000 00000000 00040000 ${linkField} 00000000 00000000 ${captured} ${original} ${bytes}`,
  );
}

function pcapng(interfaceOptions: string, packetOptions: string): Uint8Array {
  const idbBytes = (20 + interfaceOptions.replaceAll(" ", "").length / 2).toString(16).padStart(8, "0");
  const epbBytes = (52 + packetOptions.replaceAll(" ", "").length / 2).toString(16).padStart(8, "0");
  return fromHex(
    `0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
     00000001 ${idbBytes} 0001 0000 00000000 ${interfaceOptions} ${idbBytes}
     00000006 ${epbBytes} 00000000 00000000 00000000 00000014 00000014 ${frame} ${packetOptions} ${epbBytes}`,
  );
}

describe("frame check sequences", () => {
  const first = async (file: Uint8Array): Promise<readonly [string, number]> => {
    const [captured] = await packetsOf(file);
    return [toHex(captured!.packet.bytes), captured!.originalLength];
  };

  it("are cut off where a classic file says that there are any", async () => {
    expect(await first(classic("24000001", "00000014", "00000014", frame))).to.deep.equal([withoutFcs, 16]);
    expect(await first(classic("00000001", "00000014", "00000014", frame))).to.deep.equal([frame.replace(" ", ""), 20]);
  });

  it("are not cut off twice where the capture had cut them off already", async () => {
    expect(await first(classic("24000001", "00000008", "00000014", "0102030405060708"))).to.deep.equal([
      "0102030405060708",
      16,
    ]);
  });

  it("are cut off where an interface or a packet of a pcapng file says so", async () => {
    expect(await first(pcapng("000d0001 04000000", ""))).to.deep.equal([withoutFcs, 16]);
    expect(await first(pcapng("", "00020004 00000080"))).to.deep.equal([withoutFcs, 16]);
    expect(await first(pcapng("", ""))).to.deep.equal([frame.replace(" ", ""), 20]);
  });
});
