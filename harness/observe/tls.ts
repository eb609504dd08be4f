import { execa } from "execa";
import { findCommand } from "../../netns/find-command.js";
import { ofTask, task } from "./probes.js";
import type { Probe } from "./script.js";

/** A call whose buffer holds plaintext when it returns. */
interface Call {
  readonly name: string;
  readonly direction: "read" | "write";
  /** How many bytes went through: what is returned, or what the fourth argument points to where 1 is returned. */
  readonly size: "returned" | "stored";
}

/** By the library's name in the dynamic linker's cache. */
const libraries: readonly { readonly name: string; readonly soname: RegExp; readonly calls: readonly Call[] }[] = [
  {
    name: "openssl",
    soname: /^libssl\.so\.[\d.]+$/,
    calls: [
      { name: "SSL_write", direction: "write", size: "returned" },
      { name: "SSL_read", direction: "read", size: "returned" },
      { name: "SSL_write_ex", direction: "write", size: "stored" },
      { name: "SSL_read_ex", direction: "read", size: "stored" },
    ],
  },
  {
    name: "gnutls",
    soname: /^libgnutls\.so\.[\d.]+$/,
    calls: [
      { name: "gnutls_record_send", direction: "write", size: "returned" },
      { name: "gnutls_record_recv", direction: "read", size: "returned" },
    ],
  },
];

/** Bytes that one event can hold: the longest text of bpftrace (BPFTRACE_STRLEN). */
export const chunkBytes = 112;
const chunks = 4;

/** A TLS library that is installed. */
export interface TlsLibrary {
  readonly name: string;
  readonly path: string;
}

/** The TLS libraries that the dynamic linker knows, by its own cache (ldconfig -p). */
export async function findTlsLibraries(): Promise<readonly TlsLibrary[]> {
  const ldconfig = findCommand("ldconfig");
  if (ldconfig === undefined) return [];
  const { stdout } = await execa(ldconfig, ["-p"], { reject: false });
  // Lines `libssl.so.3 (libc6,x86-64) => /lib/x86_64-linux-gnu/libssl.so.3`.
  const known = [...stdout.matchAll(/^\s*(\S+) \(.*\) => (\S+)$/gm)];
  const found = known.flatMap(([, soname, path]) => {
    const library = libraries.find((each) => each.soname.test(soname!));
    return library ? [{ name: library.name, path: path! }] : [];
  });
  return found.filter(({ path }, i) => found.findIndex((other) => other.path === path) === i);
}

/** Probes on one library: the buffer is remembered at the call and read at its return, when it is known how much there is. */
export function tlsProbes({ name, path }: TlsLibrary): readonly Probe[] {
  const { calls } = libraries.find((library) => library.name === name)!;
  return calls.flatMap((call) => callProbes(name, path, call));
}

function callProbes(library: string, path: string, { name, direction, size }: Call): readonly Probe[] {
  const enter: Probe = {
    attach: `uprobe:${path}:${name}`,
    setUp: ["@buffer[tid] = arg1", "@stored[tid] = arg3", "@call[tid] = nsecs"],
  };
  const attach = `uretprobe:${path}:${name}`;
  const condition = `@buffer[tid] != 0 && (int32)retval > 0`;
  const bytes = size === "returned" ? "$bytes = (uint64)retval" : "$bytes = *(uint64 *)@stored[tid]";
  const parts = Array.from({ length: chunks }, (_, part): Probe => {
    const offset = part * chunkBytes;
    return {
      attach,
      condition,
      setUp: [
        ...task,
        bytes,
        `$length = (uint64)0`,
        `if ($bytes > ${offset}) { $length = $bytes - ${offset}; }`,
        // Also keeps the verifier sure of the size.
        `if ($length > ${chunkBytes}) { $length = (uint64)${chunkBytes}; }`,
      ],
      event: {
        name: `${library}-${direction}`,
        fields: {
          ...ofTask,
          call: ["%lld", "@call[tid]"],
          bytes: ["%lld", "$bytes"],
          part: ["%lld", String(part)],
          data: ["%r", `buf(@buffer[tid] + ${offset}, $length)`],
        },
      },
    };
  });
  const cleanUp = ["delete(@buffer[tid])", "delete(@stored[tid])", "delete(@call[tid])"];
  return [enter, ...parts, { attach, setUp: [], cleanUp }];
}
