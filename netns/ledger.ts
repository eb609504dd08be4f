import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { harnessError } from "../harness/model/error.js";
import { identifyProcess, isAlive, type ProcessIdentity } from "./process-identity.js";

/** On a tmpfs, so that it goes with everything it names when the machine goes down. */
export const ledgerRoot = "/run/packetproof-netns";

const ownerFile = "owner.json";
/** Of ledgers that are being made, and whose owner may not be written yet. */
const unnamedPrefix = ".new-";

/** One thing that the kernel keeps when its maker is killed. */
export type LedgerEntry =
  /** A name below /run/netns. */
  | { readonly kind: "namespace"; readonly name: string }
  /** Leader of a process group. */
  | { readonly kind: "group"; readonly leader: ProcessIdentity }
  /** A cgroup directory. */
  | { readonly kind: "cgroup"; readonly path: string }
  /** A directory or pinned object. */
  | { readonly kind: "path"; readonly path: string };

/**
 * The list of what one run has made, written before each thing is made: a directory below /run/packetproof-netns with
 * the owner's pid and start time. Whoever finds the owner dead may remove what the list names, and nothing else.
 */
export class Ledger {
  readonly id: string;
  readonly #directory: string;

  private constructor(id: string, directory: string) {
    this.id = id;
    this.#directory = directory;
  }

  /** Throws "exists" where another run has the id, alive or not. */
  static open(id: string, root: string = ledgerRoot): Ledger {
    const directory = join(root, id);
    mkdirSync(root, { recursive: true });
    // Nobody may meet a ledger whose owner is not written yet: it would be taken for a dead one's.
    const unnamed = mkdtempSync(join(root, unnamedPrefix));
    writeFileSync(join(unnamed, ownerFile), JSON.stringify(identifyProcess(process.pid)));
    try {
      renameSync(unnamed, directory);
    } catch (cause) {
      rmSync(unnamed, { recursive: true });
      if (!["EEXIST", "ENOTEMPTY"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
      throw harnessError("exists", `another run has the id ${id}: ${directory} is there`, {
        hint: "if that run was killed, `packetproof clean` removes what it left",
        cause,
      });
    }
    return new Ledger(id, directory);
  }

  record(entry: LedgerEntry): void {
    this.#append({ op: "made", entry });
  }

  /** The thing is gone, or was never made. */
  forget(entry: LedgerEntry): void {
    this.#append({ op: "gone", entry });
  }

  /** Everything recorded is gone. */
  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #append(line: LedgerLine): void {
    appendFileSync(join(this.#directory, "entries"), `${JSON.stringify(line)}\n`);
  }
}

interface LedgerLine {
  readonly op: "made" | "gone";
  readonly entry: LedgerEntry;
}

/** A dead run's list: what is still recorded as made, latest first. */
export interface Abandoned {
  readonly id: string;
  readonly entries: readonly LedgerEntry[];
  readonly directory: string;
}

/** Ledgers whose owner no longer lives. */
export function findAbandoned(root: string = ledgerRoot): readonly Abandoned[] {
  if (!existsSync(root)) return [];
  const abandoned: Abandoned[] = [];
  for (const id of readdirSync(root)) {
    if (id.startsWith(unnamedPrefix)) continue;
    const directory = join(root, id);
    const owner = readOwner(directory);
    if (owner === "unknown" || (owner && isAlive(owner))) continue;
    abandoned.push({ id, entries: readEntries(directory), directory });
  }
  return abandoned;
}

/** Undefined where the owner died before it could write its name; "unknown" for a directory that is no ledger. */
function readOwner(directory: string): ProcessIdentity | undefined | "unknown" {
  let text: string;
  try {
    text = readFileSync(join(directory, ownerFile), "utf8");
  } catch {
    return "unknown";
  }
  return text === "" ? undefined : (JSON.parse(text) as ProcessIdentity);
}

function readEntries(directory: string): readonly LedgerEntry[] {
  const path = join(directory, "entries");
  if (!existsSync(path)) return [];
  const made = new Map<string, LedgerEntry>();
  for (const text of readFileSync(path, "utf8").split("\n")) {
    const line = parseLine(text);
    if (!line) continue;
    const key = JSON.stringify(line.entry);
    if (line.op === "made") made.set(key, line.entry);
    else made.delete(key);
  }
  return [...made.values()].reverse();
}

/** The last line may be cut off: its thing was not made yet. */
function parseLine(text: string): LedgerLine | undefined {
  try {
    return JSON.parse(text) as LedgerLine;
  } catch {
    return undefined;
  }
}
