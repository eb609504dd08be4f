/** How often a log (a pipe, a file) is told how far a long run is. */
const logEveryMs = 10_000;

/**
 * Says how far a long run is: one line at the bottom of a terminal; where output is piped, a line now and
 * then, so that a log shows that something is going on.
 */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = "";
  #loggedAtMs = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (this.#stream.isTTY) {
      this.#shown = text.slice(0, Math.max(0, this.#stream.columns - 1));
      this.#stream.write(`\r\u001b[K${this.#shown}`);
    } else if (performance.now() - this.#loggedAtMs > logEveryMs) {
      this.#loggedAtMs = performance.now();
      this.#stream.write(`${text}\n`);
    }
  }

  /** A lasting line above the status line. */
  print(text: string): void {
    const again = this.#shown;
    this.clear();
    this.#stream.write(`${text}\n`);
    if (again !== "") this.show(again);
  }

  clear(): void {
    if (this.#shown !== "") this.#stream.write("\r\u001b[K");
    this.#shown = "";
  }
}
