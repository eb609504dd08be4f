/** A memory of this size and more goes back to the operating system. */
const mostKeptBytes = 1 << 26;

/**
 * Memories of machines that are gone, zeroed, for the next ones. Every new WebAssembly.Memory makes the
 * garbage collector think that it has to hurry: cases would spend more time on that than on running.
 */
export class MemoryPool {
  readonly #free = new Map<number, WebAssembly.Memory[]>();

  /** Zeroed memory of so many pages. */
  take(pages: number): WebAssembly.Memory {
    return this.#free.get(pages)?.pop() ?? new WebAssembly.Memory({ initial: pages, maximum: pages });
  }

  /** The giver has zeroed what it used, and does not use it any more. */
  give(pages: number, memory: WebAssembly.Memory): void {
    if (memory.buffer.byteLength >= mostKeptBytes) return;
    const free = this.#free.get(pages);
    if (free) free.push(memory);
    else this.#free.set(pages, [memory]);
  }
}
