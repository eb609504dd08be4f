/** Undoes one thing; called at most once. */
type Undo = () => void | Promise<void>;

/**
 * What has to be undone, in reverse order, however the work ends. Register before doing: an undo has to put up
 * with the thing not being there.
 */
export class TeardownStack implements AsyncDisposable {
  readonly #undos: Undo[] = [];

  defer(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Runs every undo even where some fail, then throws the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        await undo();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
