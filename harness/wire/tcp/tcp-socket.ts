import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TcpPlace } from "../../model/plan.js";
import { parseIpv4, parseIpv6 } from "../../packet/address.js";
import { libc, orThrow } from "../../kernel/libc.js";

const AF_INET = 2;
const AF_INET6 = 10;
/** SOCK_STREAM, SOCK_NONBLOCK and SOCK_CLOEXEC. */
const streamNonBlocking = 1 | 0o4000 | 0o2000000;
const acceptFlags = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SIOCOUTQ = 0x5411;
const MSG_NOSIGNAL = 0x4000;
const backlog = 16;
const readBytes = 65_536;

export const errnos = { EAGAIN: 11, EADDRINUSE: 98, EINPROGRESS: 115 } as const;

/** A TCP socket of ours that never blocks; it stays in the network namespace in which it was made. */
export class TcpSocket {
  readonly fd: number;
  /** What has been received and not been taken. */
  #received: Uint8Array[] = [];
  #closed = false;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Bound to an address and port of the host that the calling thread is in, and of that cgroup from the start. */
  static bound(place: TcpPlace, cgroup: string | undefined): TcpSocket | number {
    const domain = place.address.includes(":") ? AF_INET6 : AF_INET;
    const fd = inCgroup(cgroup, () => libc().socket(domain, streamNonBlocking, 0));
    const socket = new TcpSocket(orThrow(fd, "making a TCP socket"));
    socket.#set(SOL_SOCKET, SO_REUSEADDR);
    // One send(2) is one segment as far as that goes.
    socket.#set(IPPROTO_TCP, TCP_NODELAY);
    const address = socketAddress(place);
    const result = libc().bind(socket.fd, address, address.length);
    if (result >= 0) return socket;
    socket.close();
    return result;
  }

  listen(): number {
    return libc().listen(this.fd, backlog);
  }

  /** -EINPROGRESS where the answer is still to come. */
  connect(place: TcpPlace): number {
    const address = socketAddress(place);
    return libc().connect(this.fd, address, address.length);
  }

  /** The next connection; undefined as long as there is none. */
  accept(): TcpSocket | undefined {
    const fd = libc().accept4(this.fd, acceptFlags);
    if (fd === -errnos.EAGAIN) return undefined;
    return new TcpSocket(orThrow(fd, "accepting a connection"));
  }

  /** The errno that has been waiting to be told; 0 for none. */
  takeError(): number {
    const value = new Uint8Array(4);
    libc().getsockopt(this.fd, SOL_SOCKET, SO_ERROR, value, Uint8Array.of(4, 0, 0, 0));
    return new DataView(value.buffer).getInt32(0, true);
  }

  /** Whether the socket has something to say: it is connected, has data, or failed. */
  isReady(events: "out" | "in"): boolean {
    const descriptor = new Uint8Array(8);
    const view = new DataView(descriptor.buffer);
    view.setInt32(0, this.fd, true);
    view.setInt16(4, events === "out" ? 4 : 1, true);
    return libc().poll(descriptor, 1, 0) > 0;
  }

  /** send(2), once: the number of bytes taken, or a negative errno. */
  send(bytes: Uint8Array): number {
    return libc().send(this.fd, bytes, bytes.length, MSG_NOSIGNAL);
  }

  /** Takes in what has arrived; whether there was anything. */
  drain(): boolean {
    let any = false;
    for (const into = new Uint8Array(readBytes); !this.#closed; any = true) {
      const count = libc().recv(this.fd, into, into.length, 0);
      if (count <= 0) break;
      this.#received.push(into.slice(0, count));
    }
    return any;
  }

  get receivedBytes(): number {
    return this.#received.reduce((sum, { length }) => sum + length, 0);
  }

  /** All that was received since the last time. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#received);
    this.#received = [];
    return new Uint8Array(bytes);
  }

  /** Bytes that the peer's stack has not acknowledged. */
  get unacknowledgedBytes(): number {
    const value = new Uint8Array(4);
    if (this.#closed || libc().ioctl(this.fd, SIOCOUTQ, value) < 0) return 0;
    return new DataView(value.buffer).getInt32(0, true);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (!this.#closed) libc().close(this.fd);
    this.#closed = true;
  }

  #set(level: number, option: number): void {
    libc().setsockopt(this.fd, level, option, Uint8Array.of(1, 0, 0, 0), 4);
  }
}

/** struct sockaddr_in or struct sockaddr_in6. */
function socketAddress({ address, port }: TcpPlace): Uint8Array {
  const isIpv6 = address.includes(":");
  const bytes = new Uint8Array(isIpv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(isIpv6 ? parseIpv6(address) : parseIpv4(address), isIpv6 ? 8 : 4);
  return bytes;
}

/** A socket belongs for ever to the cgroup that its process is in when it is made: the process goes there and back. */
function inCgroup<T>(path: string | undefined, work: () => T): T {
  if (path === undefined) return work();
  const home = ownCgroup(path);
  writeFileSync(join(path, "cgroup.procs"), String(process.pid));
  try {
    return work();
  } finally {
    writeFileSync(join(home, "cgroup.procs"), String(process.pid));
  }
}

/** The process's place in the version 2 hierarchy: a line `0::/path` (cgroups(7)). `sibling` is a cgroup at its root. */
function ownCgroup(sibling: string): string {
  const line = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .find((each) => each.startsWith("0::"));
  return join(sibling, "..", line?.slice(3) ?? "/");
}
