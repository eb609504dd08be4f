import { ClassicDecoder, classicMagic } from "./read-classic.js";
import { PcapngDecoder, looksLikePcapng } from "./read-pcapng.js";
import type { CapturedPacket, CaptureInput } from "./captured-packet.js";
import type { Decoder, IsPicked } from "./decoder.js";
import { captureError, truncated } from "./fault.js";
import { type FrameRanges, inFrames, lastFrame } from "./frames.js";
import { gunzip, looksGzipped } from "./gunzip.js";
import { Window } from "./window.js";

export interface ReadOptions {
  /** Packets to deliver; others are counted but neither converted nor checked. Reading stops behind the last. */
  readonly frames?: FrameRanges | undefined;
}

/**
 * The packets of a capture file, one after the other, in constant memory: classic pcap (micro- and
 * nanoseconds, both byte orders) and pcapng (both byte orders, several sections), each also gzipped.
 * The format is told by the first bytes, never by the file's name, which only serves in errors.
 *
 * @throws HarnessError `capture` with the byte offset and what was expected there, for a file that is
 * no capture, is cut off or is corrupt. Packets before that place have been delivered by then (of a
 * gzipped file perhaps not the last few: its decoder runs ahead).
 */
export async function* readCapture(
  input: CaptureInput,
  name: string,
  options: ReadOptions = {},
): AsyncGenerator<CapturedPacket, void, void> {
  const { frames } = options;
  const isPicked: IsPicked = frames ? (index) => inFrames(frames, index) : () => true;
  const last = frames ? lastFrame(frames) : Infinity;
  const { window, decoder } = await open(input, name, isPicked);
  try {
    // The empty range list asks for nothing.
    if (last === 0) return;
    while (window.available > 0 || (await window.fill(1))) {
      const step = decoder.step(window);
      if (step.kind === "packet") {
        yield step.packet;
        if (step.packet.index >= last) return;
      } else {
        const place = { name, offset: window.offset };
        const here = window.available;
        const complete = step.kind === "skip" ? await window.skip(step.bytes) : await window.fill(step.bytes);
        if (!complete) {
          const found = step.kind === "skip" ? window.offset - place.offset : Math.max(here, window.available);
          throw truncated(place, step.what, found, step.bytes);
        }
      }
    }
  } finally {
    await window.close();
  }
}

/** Finds out the format, looking through one layer of gzip. */
async function open(
  input: CaptureInput,
  name: string,
  isPicked: IsPicked,
): Promise<{ readonly window: Window; readonly decoder: Decoder }> {
  let window = new Window(input instanceof Uint8Array ? [input] : input);
  try {
    if ((await window.fill(2)) && looksGzipped(window.u8(0), window.u8(1))) {
      window = new Window(gunzip(window.rest(), name));
    }
    if (!(await window.fill(4))) throw tooShort(window, name);
    const magic = window.u32(0, false);
    if (looksLikePcapng(magic)) return { window, decoder: new PcapngDecoder(name, isPicked) };
    const format = classicMagic(magic);
    if (format) return { window, decoder: new ClassicDecoder(name, format, isPicked) };
    throw notACapture(magic, name);
  } catch (error) {
    await window.close();
    throw error;
  }
}

function tooShort(window: Window, name: string): Error {
  const place = { name, offset: window.available };
  return window.available === 0
    ? captureError(place, "the file is empty; expected a pcap or pcapng file")
    : captureError(place, "the file ends inside its magic number; expected a pcap or pcapng file");
}

const foreignMagics: Readonly<Record<number, string>> = {
  0x1f8b0808: "gzip inside gzip",
  0xa1b2cd34: "a pcap file with Kuznetzov's patch",
  0x34cdb2a1: "a pcap file with Kuznetzov's patch",
  0x736e6f6f: "a snoop file",
  0x7f454c46: "an ELF object",
  0x504b0304: "a zip archive",
  0x28b52ffd: "a zstd file",
  0xfd377a58: "an xz file",
};

function notACapture(magic: number, name: string): Error {
  const hex = magic.toString(16).padStart(8, "0");
  const known = foreignMagics[magic];
  return captureError(
    { name, offset: 0 },
    `not a capture file: expected the magic number of pcap, pcapng or gzip, found ${hex}${known ? ` (${known})` : ""}`,
    "convert other formats with Wireshark: editcap -F pcapng IN OUT",
  );
}
