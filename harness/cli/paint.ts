import { styleText } from "node:util";
import type { Paint } from "../../reports/terminal.js";

/** Colours for a terminal; none where the stream is a pipe or file, or NO_COLOR is set. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}
