/** One line at the bottom of a terminal that says how far a long run is; nothing at all where output is piped. */
export class StatusLine {
  private readonly stream: NodeJS.WriteStream;
  private shown = "";

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  show(text: string): void {
    if (!this.stream.isTTY) return;
    this.shown = text.slice(0, Math.max(0, this.stream.columns - 1));
    this.stream.write(`\r\u001b[K${this.shown}`);
  }

  /** A lasting line above the status line. */
  print(text: string): void {
    const again = this.shown;
    this.clear();
    this.stream.write(`${text}\n`);
    if (again !== "") this.show(again);
  }

  clear(): void {
    if (this.shown !== "") this.stream.write("\r\u001b[K");
    this.shown = "";
  }
}
