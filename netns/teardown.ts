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

/** The same for things that do not depend on each other and take the kernel its time: all at once. */
export class ParallelTeardown {
  readonly #undos: Undo[] = [];

  defer(undo: Undo): void {
    this.#undos.push(undo);
  }

  async run(): Promise<void> {
    const results = await Promise.allSettled(this.#undos.splice(0).map(async (undo) => undo()));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }
}
