import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { libc, orThrow } from "./libc.js";

const runsFolder = "/run/packetproof";
const ownerFile = "owner";
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MNT_DETACH = 2;

/**
 * `/run/packetproof/<runId>`: the run's own bpffs and tracefs, mounted when first needed and gone after `close`.
 * The machine's own mounts at /sys/fs/bpf and /sys/kernel/tracing are never touched, and need not be there.
 * A file `owner` names the process that it belongs to, so that `clean` knows what a killed run left.
 */
export class RunFolder {
  readonly runId: string;
  readonly path: string;
  private readonly mounts = new Map<string, string>();
  private readonly closing: (() => void)[] = [];
  private made = false;

  constructor(runId: string) {
    this.runId = runId;
    this.path = join(runsFolder, runId);
  }

  /** Mount point of a file system of the run's own. */
  mount(type: "bpf" | "tracefs"): string {
    const known = this.mounts.get(type);
    if (known !== undefined) return known;
    this.make();
    const target = join(this.path, type);
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    orThrow(libc().mount("packetproof", target, type, flags, null), `cannot mount ${type} at ${target}`);
    this.mounts.set(type, target);
    return target;
  }

  /** Has something closed before the mounts go; the last comes first. */
  beforeClose(close: () => void): void {
    this.closing.push(close);
  }

  close(): void {
    for (const close of this.closing.splice(0).reverse()) close();
    for (const target of this.mounts.values()) unmount(target);
    this.mounts.clear();
    if (this.made) rmSync(this.path, { recursive: true, force: true });
    this.made = false;
  }

  private make(): void {
    if (this.made) return;
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    // Whole from the first moment: an empty one would be taken for a dead run's.
    const unnamed = join(this.path, `${ownerFile}.new`);
    writeFileSync(unnamed, ownerLine(process.pid)!);
    renameSync(unnamed, join(this.path, ownerFile));
    this.made = true;
  }
}

/** Removes what runs that are no longer alive left below /run/packetproof; returns what it removed. */
export function cleanRunFolders(): string[] {
  const removed: string[] = [];
  for (const runId of existsSync(runsFolder) ? readdirSync(runsFolder) : []) {
    const path = join(runsFolder, runId);
    if (ownerIsAlive(path)) continue;
    removeTracingInstance(path, runId);
    for (const type of ["bpf", "tracefs"]) if (existsSync(join(path, type))) unmount(join(path, type));
    rmSync(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

/** The tracing instance of a run: instances are the kernel's, not the mount's, and outlive it. */
export function tracingInstance(tracefs: string, runId: string): string {
  return join(tracefs, "instances", `packetproof-${runId}`);
}

function removeTracingInstance(path: string, runId: string): void {
  const instance = tracingInstance(join(path, "tracefs"), runId);
  if (existsSync(instance)) rmdirSync(instance);
}

/** Detached, so that a file that is still open somewhere does not keep the mount. */
function unmount(target: string): void {
  libc().umount2(target, MNT_DETACH);
}

function ownerIsAlive(path: string): boolean {
  const file = join(path, ownerFile);
  // Just about to be written.
  if (!existsSync(file)) return true;
  const line = readFileSync(file, "utf8");
  return ownerLine(Number.parseInt(line)) === line;
}

/** Number and start time (field 22 of /proc/PID/stat): numbers are given out again. Undefined for who is not there. */
function ownerLine(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const stat = readFileSync(file, "latin1");
  // The command's name, in parentheses, may have blanks and parentheses in it.
  const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${pid} ${startTicks}\n`;
}
