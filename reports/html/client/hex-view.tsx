import type { Stretch } from "./packet-rows.js";

interface HexProps {
  readonly label: string;
  readonly bytes: Uint8Array;
  /** Changed by the program. */
  readonly marks: ReadonlySet<number>;
  /** What the pointer is on. */
  readonly lit: Stretch | undefined;
}

/** Longer packets end here; their sizes are said. */
const mostBytes = 2048;

/** Bytes as offsets, hex and text, 16 a line; equal neighbours share an element, since most of them look alike. */
export function HexView({ label, bytes, marks, lit }: HexProps) {
  const shown = bytes.subarray(0, mostBytes);
  const lines = Array.from({ length: Math.ceil(shown.length / 16) }, (_, i) => i * 16);
  return (
    <figure class="hex">
      <figcaption>
        {label} <span class="dim">{bytes.length} bytes</span>
      </figcaption>
      <pre tabIndex={0} aria-label={`${label}, hexadecimal`}>
        {lines.map((start) => (
          <HexLine key={start} bytes={shown} start={start} marks={marks} lit={lit} />
        ))}
        {bytes.length > mostBytes && <span class="dim">{bytes.length - mostBytes} more bytes</span>}
      </pre>
    </figure>
  );
}

function HexLine({ bytes, start, marks, lit }: Omit<HexProps, "label"> & { start: number }) {
  const end = Math.min(bytes.length, start + 16);
  const classOf = (at: number): string =>
    [marks.has(at) ? "changed" : "", lit && at >= lit.startBytes && at < lit.endBytes ? "lit" : ""].join(" ").trim();
  const hex: { text: string; class: string }[] = [];
  const text: { text: string; class: string }[] = [];
  for (let at = start; at < end; at++) {
    const kind = classOf(at);
    const gap = at === start ? "" : at === start + 8 ? "  " : " ";
    const byte = bytes[at]!;
    append(hex, gap, at > start && classOf(at - 1) === kind ? kind : "");
    append(hex, byte.toString(16).padStart(2, "0"), kind);
    append(text, byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·", kind);
  }
  const missing = start + 16 - end;
  append(hex, " ".repeat(missing * 3 + (end - start <= 8 && missing > 0 ? 1 : 0)), "");
  return (
    <span class="line">
      <span class="offset">{start.toString(16).padStart(4, "0")}</span>
      {"  "}
      {hex.map((run, i) =>
        run.class ? (
          <span key={i} class={run.class}>
            {run.text}
          </span>
        ) : (
          run.text
        ),
      )}
      {"  "}
      <span class="text">
        {text.map((run, i) =>
          run.class ? (
            <span key={i} class={run.class}>
              {run.text}
            </span>
          ) : (
            run.text
          ),
        )}
      </span>
      {"\n"}
    </span>
  );
}

function append(runs: { text: string; class: string }[], text: string, kind: string): void {
  const last = runs.at(-1);
  if (last && last.class === kind) last.text += text;
  else if (text !== "") runs.push({ text, class: kind });
}
