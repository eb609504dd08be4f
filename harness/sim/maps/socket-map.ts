import type { MapSpec } from "../../model/object.js";
import { byteText, textBytes } from "../byte-text.js";
import { errno } from "../errno.js";
import { Psock, type MapPrograms } from "../sockets/psock.js";
import { tcpState, type Socket } from "../sockets/socket.js";
import type { SocketMemory } from "../sockets/socket-memory.js";
import { indexOf } from "./array.js";
import { updateFlags, type MapEntry, type MapStore } from "./map-store.js";

/** What becomes of a socket that a map's programs take over. */
export interface SocketOwner {
  startStreamParser(socket: Socket, psock: Psock): void;
  checkReceived(socket: Socket): void;
}

/** sockmap and sockhash: sockets, and the programs that speak for them (net/core/sock_map.c). */
export class SocketMapStore implements MapStore {
  readonly spec: MapSpec;
  readonly address: number;
  /** For the sockets that are put in from now on; those that are there keep what they have. */
  readonly programs: MapPrograms = {};
  /** The world's sockets; without, nothing is ever put in. */
  owner: SocketOwner | undefined;
  readonly #memory: SocketMemory;
  readonly #sockets = new Map<string, Socket>();
  readonly #unlink = new Map<string, () => void>();

  constructor(spec: MapSpec, address: number, memory: SocketMemory) {
    this.spec = spec;
    this.address = address;
    this.#memory = memory;
  }

  get(key: Uint8Array): Socket | undefined {
    return this.#sockets.get(byteText(key));
  }

  /** A pointer to the socket, as bpf_map_lookup_elem() gives it. */
  lookup(key: Uint8Array): number {
    const socket = this.get(key);
    return socket ? this.#memory.addressOf(socket) : 0;
  }

  /** bpf_map_update_elem() with a socket: one that is established, or listens. */
  update(): number {
    return -errno.EOPNOTSUPP;
  }

  /** By a program or by user space, which are told of a socket in the wrong state. */
  putChecked(key: Uint8Array, socket: Socket, flags: number): number {
    const allowed = socket.protocol === "udp" || isSettled(socket);
    return allowed ? this.put(key, socket, flags) : -errno.EOPNOTSUPP;
  }

  /** sock_map_update_common() and sock_hash_update_common(). */
  put(key: Uint8Array, socket: Socket, flags: number): number {
    if (flags > updateFlags.exist) return -errno.EINVAL;
    const isArray = this.spec.type === "sockmap";
    if (isArray && indexOf(key) >= this.spec.maxEntries) return -errno.E2BIG;
    const text = byteText(key);
    const old = this.#sockets.get(text);
    const psock = this.#link(socket);
    if (typeof psock === "number") return psock;
    const refused = this.#refuses(flags, old !== undefined, isArray);
    if (refused !== 0) {
      unlink(socket, psock);
      return refused;
    }
    if (old) this.#remove(text);
    const gone = () => this.#remove(text);
    socket.onGone.add(gone);
    this.#sockets.set(text, socket);
    this.#unlink.set(text, () => {
      socket.onGone.delete(gone);
      unlink(socket, psock);
    });
    this.owner?.checkReceived(socket);
    return 0;
  }

  delete(key: Uint8Array): number {
    const text = byteText(key);
    if (this.#sockets.has(text)) this.#remove(text);
    else return this.spec.type === "sockmap" ? -errno.EINVAL : -errno.ENOENT;
    return 0;
  }

  set(): number {
    return -errno.EINVAL;
  }

  /** Values as user space reads them: cookies. */
  *entries(): Iterable<MapEntry> {
    for (const [text, socket] of this.#sockets) {
      const value = new Uint8Array(this.spec.valueSizeBytes);
      if (value.length === 8) new DataView(value.buffer).setBigUint64(0, socket.cookie, true);
      yield { key: textBytes(text), values: [value] };
    }
  }

  #refuses(flags: number, exists: boolean, isArray: boolean): number {
    if (flags === updateFlags.noExist && exists) return -errno.EEXIST;
    if (flags === updateFlags.exist && !exists) return -errno.ENOENT;
    return !isArray && !exists && this.#sockets.size >= this.spec.maxEntries ? -errno.E2BIG : 0;
  }

  /** sock_map_link(): the map's programs become the socket's, which may have one of a kind only. */
  #link(socket: Socket): Psock | number {
    const { message, parser, streamVerdict, skbVerdict } = this.programs;
    const psock = socket.psock ?? new Psock();
    const own = psock.programs;
    const verdict = streamVerdict ?? skbVerdict;
    if (
      socket.psock &&
      ((message && own.message) || (parser && own.parser) || (verdict && (own.streamVerdict ?? own.skbVerdict)))
    )
      return -errno.EBUSY;
    Object.assign(own, this.programs);
    socket.psock = psock;
    psock.links++;
    if (parser && streamVerdict && !psock.strparser) this.owner?.startStreamParser(socket, psock);
    return psock;
  }

  #remove(text: string): void {
    this.#sockets.delete(text);
    this.#unlink.get(text)?.();
    this.#unlink.delete(text);
  }
}

/** With its last map a socket loses its programs. */
function unlink(socket: Socket, psock: Psock): void {
  psock.links--;
  if (psock.links === 0 && socket.psock === psock) socket.psock = undefined;
}

/** sock_map_sk_state_allowed(). */
function isSettled({ state }: Socket): boolean {
  return state === tcpState.established || state === tcpState.listen;
}
