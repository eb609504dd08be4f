import { closeSync, existsSync, mkdirSync, openSync, readlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { harnessError } from "../harness/model/error.js";
import { libc, orThrow } from "../harness/kernel/libc.js";

const CLONE_NEWNET = 0x4000_0000;
const MS_BIND = 4096;
const MNT_DETACH = 2;

/** Where `ip netns` looks for names too. */
const directory = "/run/netns";

export function namespacePath(name: string): string {
  return `${directory}/${name}`;
}

/** A network namespace that this process has open. Everything here is synchronous and moves the calling thread only. */
export class Namespace {
  /** Undefined for one without a name, which goes with the last file descriptor. */
  readonly name: string | undefined;
  readonly #fd: number;

  private constructor(name: string | undefined, fd: number) {
    this.name = name;
    this.#fd = fd;
  }

  /** Throws "exists" where the name is taken. */
  static create(name: string): Namespace {
    mkdirSync(directory, { recursive: true });
    const path = namespacePath(name);
    try {
      writeFileSync(path, "", { flag: "wx", mode: 0o444 });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      throw harnessError("exists", `a network namespace ${name} is there already and is not ours`, {
        hint: `look at it with \`ip netns pids ${name}\`; remove it with \`ip netns del ${name}\` if nobody needs it`,
        cause,
      });
    }
    return unshared((fd) => {
      orThrow(libc().mount(currentNamespace, path, "none", MS_BIND, null), `naming the network namespace ${name}`);
      return new Namespace(name, fd);
    });
  }

  /** For work that must not see, or be seen by, any interface that is there already. */
  static createNameless(): Namespace {
    return unshared((fd) => new Namespace(undefined, fd));
  }

  /** Does `work` in this namespace: sockets opened and processes started there stay there. */
  inside<T>(work: () => T): T {
    const home = openSync(currentNamespace, "r");
    try {
      orThrow(libc().setns(this.#fd, CLONE_NEWNET), `entering the network namespace ${this.name ?? "without a name"}`);
      try {
        return work();
      } finally {
        orThrow(libc().setns(home, CLONE_NEWNET), "going back to the network namespace that packetproof runs in");
      }
    } finally {
      closeSync(home);
    }
  }

  /** `net:[4026532008]`, which /proc/PID/ns/net of every process in it reads too. */
  get identity(): string {
    return readlinkSync(`/proc/self/fd/${this.#fd}`);
  }

  /** The namespace itself lives on while something is in it. */
  close(): void {
    closeSync(this.#fd);
  }
}

/** Of the calling thread, not of the process. */
const currentNamespace = "/proc/thread-self/ns/net";

function unshared<T>(work: (fd: number) => T): T {
  const home = openSync(currentNamespace, "r");
  try {
    orThrow(libc().unshare(CLONE_NEWNET), "making a network namespace");
    try {
      return work(openSync(currentNamespace, "r"));
    } finally {
      orThrow(libc().setns(home, CLONE_NEWNET), "going back to the network namespace that packetproof runs in");
    }
  } finally {
    closeSync(home);
  }
}

/** Takes the name away; whether or not it was there. */
export function removeNamespaceName(name: string): void {
  const path = namespacePath(name);
  if (!existsSync(path)) return;
  // EINVAL: the file is there but nothing was mounted on it yet.
  libc().umount2(path, MNT_DETACH);
  unlinkSync(path);
}
