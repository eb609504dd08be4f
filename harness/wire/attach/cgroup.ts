import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { harnessError } from "../../model/error.js";
import { libc, orThrow } from "../../kernel/libc.js";
import type { Network } from "../../../netns/network.js";
import type { Attachment } from "./attachment.js";
import { createLink } from "./bpf-link.js";

const O_RDONLY_CLOEXEC = 0o2000000;

/** How often, a millisecond apart, to try to remove a cgroup whose last process is still ending. */
const removeAttempts = 1_000;

/** Hooks that see the packets of processes: those that the scenario runs on the program's host. */
export const cgroupHooks = {
  "cgroup_skb/ingress": "BPF_CGROUP_INET_INGRESS",
  "cgroup_skb/egress": "BPF_CGROUP_INET_EGRESS",
  sockops: "BPF_CGROUP_SOCK_OPS",
} as const;

export type CgroupHook = keyof typeof cgroupHooks;

export function isCgroupHook(hook: string): hook is CgroupHook {
  return hook in cgroupHooks;
}

/** Attaches to the cgroup that every process joins which is started on the host from now on. */
export function attachToCgroup(network: Network, hook: CgroupHook, host: string, programFd: number): Attachment {
  const path = network.cgroups.get(host) ?? makeCgroup(network, host);
  const fd = orThrow(libc().open(path, O_RDONLY_CLOEXEC, 0), `opening ${path}`);
  try {
    const where = `the cgroup of ${host}`;
    return createLink({ programFd, target: fd, type: cgroupHooks[hook], flags: 0, where });
  } finally {
    libc().close(fd);
  }
}

function makeCgroup(network: Network, host: string): string {
  const path = join(cgroupMount(), `packetproof-${network.id}-${host}`);
  network.ledger.record({ kind: "cgroup", path });
  mkdirSync(path);
  network.teardown.defer(() => remove(path));
  network.cgroups.set(host, path);
  return path;
}

/** Whether there is a version 2 hierarchy to make a cgroup in. */
export function hasCgroups(): boolean {
  return findCgroupMount() !== undefined;
}

function cgroupMount(): string {
  const mount = findCgroupMount();
  if (mount !== undefined) return mount;
  throw harnessError("unsupported", "no cgroup version 2 hierarchy is mounted", {
    hint: "mount -t cgroup2 none /sys/fs/cgroup",
  });
}

/** Lines `device mount-point type …` (proc_pid_mounts(5)). */
function findCgroupMount(): string | undefined {
  const lines = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return lines.map((line) => line.split(" ")).find(([, , type]) => type === "cgroup2")?.[1];
}

/** A cgroup can be removed when the last of its processes has ended. */
async function remove(path: string): Promise<void> {
  for (let attempt = 0; existsSync(path); attempt++) {
    try {
      rmdirSync(path);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== "EBUSY" || attempt >= removeAttempts) throw failure;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
