import { readFileSync } from "node:fs";
import { HarnessError } from "../model/error.js";
import { attrSizeBytes, bpfCommands } from "./attr.js";
import { errnos } from "./errno.js";
import { libc } from "./libc.js";
import { libbpfVersion } from "./libbpf.js";

const CAP_NET_ADMIN = 12;
const CAP_SYS_ADMIN = 21;
const CAP_BPF = 39;

/** Why programs cannot be loaded and run on this machine now, with the mend; undefined where they can. */
export function whyNoKernel(): string | undefined {
  try {
    return whyNoCapabilities() ?? whyNoLibbpf() ?? whyNoBpf();
  } catch (error) {
    if (error instanceof HarnessError) return sentenceOf(error);
    throw error;
  }
}

/**
 * What this process may not do; undefined where it may. CAP_SYS_ADMIN besides, for namespaces and mounts; before
 * Linux 5.8 it was what CAP_BPF is now.
 */
export function whyNoCapabilities(): string | undefined {
  if (process.platform !== "linux") return `needs a Linux kernel, and this is ${process.platform}: use --backend sim`;
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0}`);
  const has = (capability: number): boolean => ((effective >> BigInt(capability)) & 1n) === 1n;
  const missing = [
    ...(has(CAP_BPF) || has(CAP_SYS_ADMIN) ? [] : ["CAP_BPF"]),
    ...(has(CAP_NET_ADMIN) ? [] : ["CAP_NET_ADMIN"]),
    ...(has(CAP_SYS_ADMIN) ? [] : ["CAP_SYS_ADMIN"]),
  ];
  return missing.length > 0 ? `needs root (${missing.join(", ")} missing): run with sudo` : undefined;
}

function whyNoLibbpf(): string | undefined {
  const version = libbpfVersion();
  return Number.parseInt(version) >= 1
    ? undefined
    : `needs libbpf 1.0 or later, and this is ${version}: apt install libbpf1`;
}

/** A program load that has to fail, but not for lack of the system call or of privilege. */
function whyNoBpf(): string | undefined {
  const result = libc().bpf(bpfCommands.BPF_PROG_LOAD, new Uint8Array(attrSizeBytes), attrSizeBytes);
  if (result === -errnos.ENOSYS) return "needs a kernel with bpf(2) (CONFIG_BPF_SYSCALL)";
  if (result === -errnos.EPERM) return "bpf(2) is not permitted here: a container needs --privileged or CAP_BPF";
  return undefined;
}

function sentenceOf({ diagnostics }: HarnessError): string {
  return diagnostics.map(({ message, hint }) => (hint ? `${message}: ${hint}` : message)).join("; ");
}
