import type { Position, Span } from "../model/span.js";

/** Turns offsets of one text into lines and columns. */
export class Lines {
  readonly #file: string;
  readonly #length: number;
  /** Offset of each line's first character. */
  readonly #starts: readonly number[];

  constructor(text: string, file: string) {
    this.#file = file;
    this.#length = text.length;
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** Offsets outside the text are moved to its nearest end. */
  span(start: number, end: number): Span {
    const from = this.#position(start);
    return { file: this.#file, start: from, end: this.#position(Math.max(end, from.offset)) };
  }

  #position(wanted: number): Position {
    const offset = Math.min(Math.max(wanted, 0), this.#length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1, offset };
  }
}
