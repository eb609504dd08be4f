/** A memory of which more was used goes back to the operating system. */
const mostKeptBytes = 1 << 26;

/**
 * Memories of machines that are gone, for the next ones. Each new WebAssembly.Memory makes the garbage collector
 * think that it has to hurry: most cases would spend more time on that than on running.
 */
export class MemoryPool {
  readonly #free = new Map<number, WebAssembly.Memory[]>();

  /** Zeroed memory of so many pages of 64 KiB. */
  take(pages: number): WebAssembly.Memory {
    return this.#free.get(pages)?.pop() ?? new WebAssembly.Memory({ initial: pages, maximum: pages });
  }

  /** Takes back a memory that is zero again and no longer used; `usedBytes` are those that were not zero. */
  give(memory: WebAssembly.Memory, pages: number, usedBytes: number): void {
    if (usedBytes > mostKeptBytes) return;
    const free = this.#free.get(pages);
    if (free) free.push(memory);
    else this.#free.set(pages, [memory]);
  }
}
