import type { IndexedCase, PageIndex } from "../page-data.js";

/** The words that narrow a list of cases: `failed`, `wire:failed`, `P8`, and parts of names and paths. */
export interface Filter {
  readonly words: readonly ((index: PageIndex, each: IndexedCase) => boolean)[];
}

const outcomes = ["passed", "failed", "skipped", "error"];

/**
 * What a person typed: all words have to fit. `failed` means any backend, `wire:failed` one; `wire:` alone any case
 * that runs there; `P8` the scenarios of a system; quotes keep words together; everything else is a part of the
 * case's name, the scenario's or the file's.
 */
export function parseFilter(text: string): Filter {
  const words = [...text.matchAll(/"([^"]*)"?|(\S+)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? wordFilter(bare!) : partOf(quoted),
  );
  return { words };
}

export function fits({ words }: Filter, index: PageIndex, each: IndexedCase): boolean {
  return words.every((word) => word(index, each));
}

function wordFilter(word: string): Filter["words"][number] {
  const lower = word.toLowerCase();
  if (outcomes.includes(lower)) return (_, { outcomes }) => outcomes.includes(lower as "passed");
  const [backend, outcome] = lower.split(":");
  if (outcome !== undefined && ["sim", "kernel", "wire"].includes(backend!)) {
    return (index, { outcomes }) => {
      const found = outcomes[index.backends.indexOf(backend!)] ?? null;
      return outcome === "" ? found !== null : found === outcome;
    };
  }
  if (/^p\d+$/i.test(word)) {
    return (index, { file }) =>
      index.systems.some(({ id, files }) => id.toLowerCase() === lower && files.includes(file));
  }
  return partOf(word);
}

function partOf(text: string): Filter["words"][number] {
  const lower = text.toLowerCase();
  return (index, { name, file }) => {
    const { path, scenario } = index.files[file]!;
    return [name, path, scenario].some((field) => field.toLowerCase().includes(lower));
  };
}
