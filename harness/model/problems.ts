import { type Diagnostic, HarnessError } from "./error.js";

/** Collects everything that is wrong with an input, so that all of it is told at once. */
export class Problems {
  readonly #found: Diagnostic[] = [];
  /** One mistake in what many cases share (a matrix, a scenario's maps) is told once. */
  readonly #known = new Set<string>();

  add(diagnostic: Diagnostic): void {
    const { span, message } = diagnostic;
    const identity = `${span?.file}:${span?.start.offset}:${message}`;
    if (this.#known.has(identity)) return;
    this.#known.add(identity);
    this.#found.push(diagnostic);
  }

  /** The result, or undefined where a HarnessError was thrown, whose diagnostics are kept; other errors pass. */
  attempt<T>(work: () => T, place: Pick<Diagnostic, "span"> = {}): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#keep(error, place);
      return undefined;
    }
  }

  async attemptAsync<T>(work: () => Promise<T>, place: Pick<Diagnostic, "span"> = {}): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#keep(error, place);
      return undefined;
    }
  }

  get found(): readonly Diagnostic[] {
    return this.#found;
  }

  /** Throws one HarnessError with all diagnostics, in the order of the file; does nothing where there are none. */
  throwIfAny(): void {
    const [first, ...rest] = this.#found.toSorted(
      (a, b) => (a.span?.start.offset ?? Infinity) - (b.span?.start.offset ?? Infinity),
    );
    if (first) throw new HarnessError([first, ...rest]);
  }

  #keep(error: unknown, place: Pick<Diagnostic, "span">): void {
    if (!(error instanceof HarnessError)) throw error;
    for (const diagnostic of error.diagnostics) this.add({ ...place, ...diagnostic });
  }
}
