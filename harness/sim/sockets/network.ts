import { harnessError } from "../../model/error.js";
import { sameBytes } from "../../model/hex.js";
import { Socket, tcpState, type Endpoint, type SocketProtocol } from "./socket.js";
import type { SockOpsProgram } from "./sock-ops.js";
import { SockOps } from "./sock-ops.js";
import type { Psock } from "./psock.js";
import { received, sendBytes, startStreamParser, type Transfer } from "./transfer.js";

export interface Place {
  readonly host: string;
  readonly endpoint: Endpoint;
}

/** The sockets of all simulated hosts, and the connections between them. */
export class SocketNetwork implements Transfer {
  readonly #sockets = new Set<Socket>();
  readonly #sockOps = new SockOps();
  readonly #seed: number;
  #nextCookie = 1n;

  /** The seed makes initial sequence numbers. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A program on the cgroup that the processes of a host are in. */
  attachSockOps(host: string, program: SockOpsProgram): void {
    this.#sockOps.attach(host, program);
  }

  detachSockOps(): void {
    this.#sockOps.detach();
  }

  listen({ host, endpoint }: Place): Socket {
    const socket = this.#create({ host, protocol: "tcp", local: endpoint, state: tcpState.close });
    this.#sockOps.changeState(socket, tcpState.listen);
    this.#sockOps.call(socket, "listen");
    return socket;
  }

  /** A UDP socket that is bound to an address. */
  bind({ host, endpoint }: Place): Socket {
    return this.#create({ host, protocol: "udp", local: endpoint, state: tcpState.close });
  }

  /** Opens a connection to a socket that listens; both ends. */
  connect(from: Place, listener: Socket, to: Endpoint): { readonly client: Socket; readonly server: Socket } {
    const ops = this.#sockOps;
    const client = this.#create({
      host: from.host,
      protocol: "tcp",
      local: from.endpoint,
      remote: to,
      state: tcpState.close,
      firstSeq: this.#firstSeq(),
    });
    ops.changeState(client, tcpState.synSent);
    ops.call(client, "connect");
    for (const question of ["timeoutInit", "receiveWindowInit", "needsEcn"] as const) ops.call(client, question);
    const server = this.#create({
      host: listener.host,
      protocol: "tcp",
      local: to,
      remote: from.endpoint,
      state: tcpState.synReceived,
      firstSeq: this.#firstSeq(),
    });
    // What tcp_create_openreq_child() copies.
    server.callbackFlags = listener.callbackFlags;
    for (const question of ["timeoutInit", "receiveWindowInit"] as const) ops.call(server, question, false);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.peer = other;
      // The SYN counts.
      socket.sendNext = (socket.sendNext + 1) >>> 0;
      socket.count.segmentsOut++;
      socket.count.segmentsIn++;
    }
    client.receiveNext = server.sendNext;
    server.receiveNext = client.sendNext;
    ops.changeState(client, tcpState.established);
    ops.call(client, "activeEstablished");
    ops.call(server, "passiveEstablished");
    ops.changeState(server, tcpState.established);
    return { client, server };
  }

  send(socket: Socket, bytes: Uint8Array): number {
    return sendBytes(this, socket, bytes);
  }

  /** close(2) of a connected socket, and what its peer makes of the FIN; then the peer may close, too. */
  close(socket: Socket): void {
    const ops = this.#sockOps;
    socket.leave();
    const isLast = socket.state === tcpState.closeWait;
    ops.changeState(socket, isLast ? tcpState.lastAck : tcpState.finWait1);
    const { peer } = socket;
    socket.sendNext = (socket.sendNext + 1) >>> 0;
    if (peer && peer.state === tcpState.established) {
      peer.receiveNext = socket.sendNext;
      ops.changeState(peer, tcpState.closeWait);
    }
    if (isLast) ops.changeState(socket, tcpState.close);
    else ops.changeState(socket, tcpState.finWait2);
    if (isLast && peer?.state === tcpState.finWait2) ops.changeState(peer, tcpState.close);
    if (isLast || !peer) this.#forget(socket);
    if (isLast && peer) this.#forget(peer);
  }

  /** The socket of a host that a packet from `remote` to `local` is for: the connected one, else one that waits there. */
  find(protocol: SocketProtocol, remote: Endpoint, local: Endpoint, host: string): Socket | undefined {
    const all = [...this.#sockets].filter((socket) => socket.protocol === protocol && socket.host === host);
    const at = (socket: Socket) => isSameEndpoint(socket.local, local) || isAnyAddress(socket, local);
    return (
      all.find(
        (socket) => socket.remote && isSameEndpoint(socket.local, local) && isSameEndpoint(socket.remote, remote),
      ) ?? all.find((socket) => !socket.remote && at(socket))
    );
  }

  /** The one that listens at an address. */
  listenerAt(local: Endpoint): Socket | undefined {
    return [...this.#sockets].find(
      (socket) =>
        socket.state === tcpState.listen && (isSameEndpoint(socket.local, local) || isAnyAddress(socket, local)),
    );
  }

  startStreamParser(socket: Socket, psock: Psock): void {
    startStreamParser(this, socket, psock);
  }

  readonly onReadable = (socket: Socket): void => socket.drain();

  /** A socket was put into a map with programs: what has arrived before is theirs. */
  readonly checkReceived = (socket: Socket): void => {
    if (socket.queue.length > 0) received(this, socket);
  };

  #create(parts: Omit<ConstructorParameters<typeof Socket>[0], "cookie">): Socket {
    if (!parts.remote && this.find(parts.protocol, parts.local, parts.local, parts.host))
      throw harnessError("service", `port ${parts.local.port} of ${parts.host} is taken`);
    const socket = new Socket({ ...parts, cookie: this.#nextCookie++ });
    this.#sockets.add(socket);
    return socket;
  }

  #firstSeq(): number {
    return Math.imul(this.#seed + Number(this.#nextCookie), 0x9e37_79b1) >>> 0;
  }

  #forget(socket: Socket): void {
    socket.leave();
    this.#sockets.delete(socket);
  }
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameBytes(a.address, b.address);
}

/** Bound to 0.0.0.0 or ::. */
function isAnyAddress({ local }: Socket, to: Endpoint): boolean {
  return (
    local.port === to.port && local.address.length === to.address.length && local.address.every((byte) => byte === 0)
  );
}
