import { captureError } from "./fault.js";
import type { BlockBody, BlockOption } from "./pcapng-block.js";
import { optionCodes } from "./pcapng-format.js";

/** An Interface Description Block: what the packets that name it have in common. */
export interface PcapngInterface {
  readonly name: string | undefined;
  readonly linkNumber: number;
  /** Longest captured length, 0 = unlimited; only Simple Packet Blocks depend on it. */
  readonly snapBytes: number;
  readonly fcsBytes: number;
  readonly clock: InterfaceClock;
}

export interface InterfaceClock {
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

/** Interfaces are remembered for a whole section: no name is kept longer than this. */
const maxNameBytes = 255;
const microseconds = 1_000_000n;

export function readInterface(body: BlockBody): PcapngInterface {
  body.expect(0, 8, "an interface description");
  let name: string | undefined;
  let fcsBytes = 0;
  let ticksPerSecond = microseconds;
  let offsetSeconds = 0n;
  for (const option of body.options(8)) {
    if (option.code === optionCodes.interface.name) {
      name = body.text(option.at, Math.min(option.bytes, maxNameBytes));
    } else if (option.code === optionCodes.interface.timeResolution) {
      expectOptionBytes(body, option, 1, "if_tsresol");
      ticksPerSecond = ticksOf(body.u8(option.at));
    } else if (option.code === optionCodes.interface.timeOffset) {
      expectOptionBytes(body, option, 8, "if_tsoffset");
      offsetSeconds = body.i64(option.at);
    } else if (option.code === optionCodes.interface.fcsBytes) {
      expectOptionBytes(body, option, 1, "if_fcslen");
      fcsBytes = body.u8(option.at);
    }
  }
  const clock = { ticksPerSecond, offsetSeconds };
  return { name, linkNumber: body.u16(0), snapBytes: body.u32(4), fcsBytes, clock };
}

/** Nanoseconds since the epoch, rounded down where the clock is finer. */
export function toNanoseconds(high: number, low: number, { ticksPerSecond, offsetSeconds }: InterfaceClock): bigint {
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const ns = ticksPerSecond === 1_000_000_000n ? ticks : (ticks * 1_000_000_000n) / ticksPerSecond;
  return ns + offsetSeconds * 1_000_000_000n;
}

/** The top bit tells whether the rest is a negative power of two or of ten. */
function ticksOf(resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f);
  return resolution & 0x80 ? 2n ** exponent : 10n ** exponent;
}

export function expectOptionBytes(body: BlockBody, option: BlockOption, bytes: number, what: string): void {
  if (option.bytes === bytes) return;
  throw captureError(body.place(option.at - 2), `the length of ${what} is ${option.bytes}; expected ${bytes}`);
}
