import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { BenchGroup } from "../../model/bench.js";
import { RunFolder } from "../../kernel/run-folder.js";
import { allowedCpus } from "../../wire/cpu.js";
import { list } from "../../scenario/decoder.js";
import { defaulted, type ObjectOf } from "../../scenario/object.js";
import { integer } from "../../scenario/scalars.js";
import type { BenchContext, Measured } from "../context.js";
import { bounded, kind, roundFields, someOf } from "../definition/kind.js";
import { measureGroup, type Contender } from "../group.js";
import { midmean } from "../statistics.js";
import type { ContentionData } from "./contention-thread.js";
import { Table, tableTypes, type Operation, type TableType } from "./table.js";

/** Tables above this take longer to fill than to measure. */
const mostEntries = 1_000_000;

const fields = {
  types: someOf("a type of map", tableTypes, "types of maps"),
  sizes: defaulted(list(integer(1, mostEntries)), [10, 1_000, 100_000], "numbers of entries"),
  ...roundFields(12),
  runs: bounded(20_000, 1_000_000, "operations in a round"),
};

type Options = ObjectOf<typeof fields>;

export const maps = kind("lookups and updates by type, size, fill and contention", fields, (options) => {
  return (context) => measureMaps(options, context);
});

const notes = [
  "Every operation draws its key first, which is in all figures alike. At a fill of 0 % no key is found, at 50 % every second one is.",
];

async function measureMaps(options: Options, context: BenchContext): Promise<Measured> {
  const folder = new RunFolder(`bench-${process.pid}`);
  try {
    const groups: BenchGroup[] = [];
    for (const operation of ["lookup", "update"] as const) {
      context.progress(`maps: ${operation} by type and size`);
      groups.push(await bySize(operation, options, folder, context.seed));
    }
    context.progress("maps: by fill");
    groups.push(await byFill(options, folder, context.seed));
    context.progress("maps: by contention");
    groups.push(await byContention(options, folder, context.seed));
    return { groups, notes };
  } finally {
    folder.close();
  }
}

const method =
  "BPF_PROG_TEST_RUN with repeat, by the kernel's clock: a program that draws a key of 4 bytes and looks it up or updates it, values of 8 bytes";

type Shared = Pick<
  Parameters<typeof measureGroup>[0],
  "unit" | "better" | "rounds" | "warmUpRounds" | "seed" | "skipped"
>;

function shared(options: Options, seed: number): Shared {
  return { unit: "ns", better: "lower", rounds: options.rounds, warmUpRounds: options["warm-up"], seed, skipped: [] };
}

/** Small enough for a CPU's cache to be cold again when the turn comes round, as for everyone. */
const parts = 4;

function timed(table: Table, runs: number): number {
  return midmean(Array.from({ length: parts }, () => table.measure(Math.ceil(runs / parts))));
}

async function bySize(
  operation: Operation,
  { types, sizes, ...options }: Options,
  folder: RunFolder,
  seed: number,
): Promise<BenchGroup> {
  const tables: Table[] = [];
  const table = (type: TableType, size: number): Table => {
    tables.push(new Table(type, operation, size, 1, folder));
    return tables.at(-1)!;
  };
  try {
    const contenders = types.flatMap((type) =>
      sizes.map((size): Contender => {
        const own = table(type, size);
        const series = tableTypes[type];
        const title = `${series}: ${size.toLocaleString("en")}`;
        return { id: `${type}/${size}`, title, series, x: size, measure: () => timed(own, options.runs) };
      }),
    );
    const control = table(types[0]!, sizes[0]!);
    return await measureGroup({
      ...shared({ types, sizes, ...options }, seed),
      id: `maps/${operation}`,
      title: `One ${operation}, by type and number of entries`,
      method,
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: contenders[0]!.id, measure: () => timed(control, options.runs) },
      axis: { title: "the number of entries", unit: "entries" },
    });
  } finally {
    for (const each of tables) each.close();
  }
}

async function byFill(options: Options, folder: RunFolder, seed: number): Promise<BenchGroup> {
  const size = options.sizes.at(-1)!;
  const tables: Table[] = [];
  const table = (type: TableType, filled: number): Table => {
    tables.push(new Table(type, "lookup", size, filled, folder));
    return tables.at(-1)!;
  };
  const hashed = (["hash", "percpu_hash", "lru_hash", "lpm_trie"] as const).filter((type) =>
    options.types.includes(type),
  );
  const types = hashed.length > 0 ? hashed : (["hash"] as const);
  try {
    const contenders = types.flatMap((type) =>
      [0, 0.5, 1].map((filled): Contender => {
        const own = table(type, filled);
        const title = `${tableTypes[type]}, ${filled * 100} % full`;
        return { id: `${type}/${filled * 100}`, title, measure: () => timed(own, options.runs) };
      }),
    );
    const control = table(types[0], 0);
    return await measureGroup({
      ...shared(options, seed),
      id: "maps/fill",
      title: `One lookup among ${size.toLocaleString("en")} keys, by how many of them are there`,
      method,
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: contenders[0]!.id, measure: () => timed(control, options.runs) },
    });
  } finally {
    for (const each of tables) each.close();
  }
}

/** One CPU updates a map, then all do at once. */
async function byContention(options: Options, folder: RunFolder, seed: number): Promise<BenchGroup> {
  const size = Math.min(1_000, options.sizes.at(-1)!);
  const cpus = allowedCpus();
  const crews: Crew[] = [];
  const crew = (type: TableType, threads: number): Crew => {
    crews.push(new Crew(new Table(type, "update", size, 1, folder), cpus.slice(0, threads)));
    return crews.at(-1)!;
  };
  const counts = cpus.length > 1 ? [1, cpus.length] : [1];
  try {
    const contenders = options.types
      .filter((type) => type !== "lpm_trie")
      .flatMap((type) =>
        counts.map((threads): Contender => {
          const own = crew(type, threads);
          const title = `${tableTypes[type]}, ${threads === 1 ? "1 CPU" : `${threads} CPUs`}`;
          return { id: `${type}/${threads}`, title, measure: () => own.measure(options.runs) };
        }),
      );
    const [first] = contenders;
    const control = crew(options.types[0]!, 1);
    return await measureGroup({
      ...shared(options, seed),
      id: "maps/contention",
      title: `One update among ${size.toLocaleString("en")} entries, alone and with all CPUs at it`,
      method: `${method}; by a thread on each CPU at the same time, the mean of what each took`,
      contenders: contenders as [Contender, ...Contender[]],
      control: { id: first!.id, measure: () => control.measure(options.runs) },
      skipped: cpus.length > 1 ? [] : [{ contender: "several CPUs", reason: "this process may use only one" }],
    });
  } finally {
    await Promise.all(crews.map((each) => each.close()));
  }
}

/** Threads that do the same to one table at the same time. */
class Crew {
  readonly #table: Table;
  readonly #workers: readonly Worker[];

  constructor(table: Table, cpus: readonly number[]) {
    this.#table = table;
    this.#workers = cpus.map((cpu) => {
      const workerData: ContentionData = { programFd: table.programFd, cpu };
      return new Worker(new URL("./contention-thread.js", import.meta.url), { workerData });
    });
  }

  async measure(runs: number): Promise<number> {
    const times = await Promise.all(
      this.#workers.map(async (worker) => {
        const answer = once(worker, "message") as Promise<[number]>;
        worker.postMessage(runs);
        return (await answer)[0];
      }),
    );
    return times.reduce((sum, time) => sum + time, 0) / times.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#table.close();
  }
}
