import { harnessError } from "../../model/error.js";

/** 1-based, inclusive ranges of packets; the last number may be Infinity. */
export type FrameRanges = readonly (readonly [first: number, last: number])[];

/**
 * `1-20,25,40-`: packets 1 to 20, 25, and everything from 40 on.
 * @throws HarnessError `capture` with the part that is wrong
 */
export function parseFrames(text: string): FrameRanges {
  return text.split(",").map((part) => parseRange(part.trim(), text));
}

function parseRange(part: string, text: string): readonly [number, number] {
  const match = /^(\d{1,15})(?:\s*(-)\s*(\d{1,15})?)?$/.exec(part);
  if (!match) throw wrongFrames(text, part === "" ? "a part is empty" : `'${part}' is not a number or a range`);
  const [, firstDigits, dash, lastDigits] = match;
  const first = Number(firstDigits);
  const last = lastDigits !== undefined ? Number(lastDigits) : dash ? Infinity : first;
  if (first === 0) throw wrongFrames(text, "packets count from 1");
  if (last < first) throw wrongFrames(text, `'${part}' runs backwards`);
  return [first, last];
}

function wrongFrames(text: string, problem: string): Error {
  return harnessError("capture", `frames '${text}': ${problem}`, {
    hint: "write numbers and ranges with commas between them, such as 1-20,25",
  });
}

/** Whether a packet is in one of the ranges. */
export function inFrames(frames: FrameRanges, index: number): boolean {
  return frames.some(([first, last]) => first <= index && index <= last);
}

/** The last packet that any range asks for: a reader can stop behind it. */
export function lastFrame(frames: FrameRanges): number {
  return Math.max(0, ...frames.map(([, last]) => last));
}
