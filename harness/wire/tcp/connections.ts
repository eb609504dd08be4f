import type { Observation, TcpObservation } from "../../model/observation.js";
import type { PlannedTcp, TcpEnd, TcpPlace } from "../../model/plan.js";
import { errnoText } from "../../kernel/errno.js";
import type { Network } from "../../../netns/network.js";
import { errnos, TcpSocket } from "./tcp-socket.js";

/** So long nothing more may come before a step is over: redirected bytes are carried by a work queue. */
const quietMs = 10;
const pollMs = 1;

interface Connection {
  readonly from: TcpSocket;
  /** Undefined where a service has accepted. */
  readonly to: TcpSocket | undefined;
}

/** The TCP connections of a case: both ends are sockets of ours, each in its host and in its host's cgroup. */
export class TcpConnections {
  readonly #network: Network;
  readonly #connections = new Map<string, Connection>();
  readonly #listeners = new Map<string, TcpSocket>();

  constructor(network: Network) {
    this.#network = network;
  }

  async run(step: PlannedTcp): Promise<Observation> {
    const giveUpAt = performance.now() + step.timeoutMs;
    const error = await this.#do(step, giveUpAt);
    await this.#settle(step, giveUpAt);
    return { kind: "tcp", step: step.index, error, received: this.#received() };
  }

  /** Descriptor of an end, for a map of sockets. */
  fdOf({ connection, side }: TcpEnd): number | undefined {
    const socket = this.#connections.get(connection)?.[side];
    return socket?.isClosed === false ? socket.fd : undefined;
  }

  close(): void {
    for (const socket of [...this.#sockets(), ...this.#listeners.values()]) socket.close();
  }

  async #do(step: PlannedTcp, giveUpAt: number): Promise<string | undefined> {
    const { connection: name, open, send, reply, close } = step;
    if (open) {
      const opened = await this.#open(open.from, open.to, step.fails, giveUpAt);
      if (typeof opened === "string") return opened;
      this.#connections.set(name, opened);
    }
    const connection = this.#connections.get(name);
    if (!connection) return "it is not open";
    for (const bytes of send) await this.#send(connection.from, bytes, giveUpAt);
    // A reply is one to what has arrived.
    if (send.length > 0 && reply.length > 0) await this.#acknowledged(giveUpAt);
    for (const bytes of reply) if (connection.to) await this.#send(connection.to, bytes, giveUpAt);
    if (close.length > 0) await this.#settle(step, giveUpAt);
    for (const side of close) {
      connection[side]?.close();
      await this.#acknowledged(giveUpAt);
    }
    return undefined;
  }

  async #open(from: TcpPlace, to: TcpPlace, fails: boolean, giveUpAt: number): Promise<Connection | string> {
    const listener = fails ? undefined : this.#listen(to);
    const client = this.#inHost(from, (cgroup) => TcpSocket.bound(from, cgroup));
    if (typeof client === "number") return `port ${from.port} of ${from.host}: ${errnoText(-client)}`;
    const failure = await connected(client, to, giveUpAt);
    const server = failure === undefined && listener ? await accepted(listener, giveUpAt) : undefined;
    if (failure === undefined && (server || !listener)) return { from: client, to: server };
    client.close();
    return failure ?? "nobody accepted it";
  }

  /** Undefined where a service has the port. */
  #listen(place: TcpPlace): TcpSocket | undefined {
    const name = `${place.host} ${place.address} ${place.port}`;
    const known = this.#listeners.get(name);
    if (known) return known;
    const socket = this.#inHost(place, (cgroup) => TcpSocket.bound(place, cgroup));
    if (typeof socket === "number") return undefined;
    if (socket.listen() < 0) {
      socket.close();
      return undefined;
    }
    this.#listeners.set(name, socket);
    return socket;
  }

  #inHost<T>({ host }: TcpPlace, work: (cgroup: string | undefined) => T): T {
    return this.#network.inside(host, () => work(this.#network.cgroups.get(host)));
  }

  /** What a program drops is not sent again, and the connection goes on. */
  async #send(socket: TcpSocket, bytes: Uint8Array, giveUpAt: number): Promise<void> {
    for (let from = 0; from < bytes.length && performance.now() < giveUpAt;) {
      const count = socket.send(bytes.subarray(from));
      if (count === -errnos.EAGAIN) {
        this.#drain();
        await delay(pollMs);
      } else if (count <= 0) return;
      else from += count;
    }
  }

  #drain(): boolean {
    return this.#sockets()
      .map((socket) => socket.drain())
      .some((any) => any);
  }

  async #acknowledged(giveUpAt: number): Promise<void> {
    while (this.#sockets().some((socket) => socket.unacknowledgedBytes > 0) && performance.now() < giveUpAt) {
      this.#drain();
      await delay(pollMs);
    }
  }

  /** Until all that is expected is there, and nothing more has come for a while. */
  async #settle(step: PlannedTcp, giveUpAt: number): Promise<void> {
    await this.#acknowledged(giveUpAt);
    const wanted = step.receives?.value ?? [];
    let lastAt = performance.now();
    for (;;) {
      const now = performance.now();
      if (this.#drain()) lastAt = now;
      const isComplete = wanted.every(({ end, bytes }) => {
        const socket = this.#connections.get(end.connection)?.[end.side];
        return (socket?.receivedBytes ?? 0) >= bytes.value.length;
      });
      if ((isComplete && now - lastAt >= quietMs) || now >= giveUpAt) return;
      await delay(pollMs);
    }
  }

  #received(): TcpObservation["received"] {
    return [...this.#connections].flatMap(([connection, sockets]) =>
      (["from", "to"] as const).flatMap((side) => {
        const bytes = sockets[side]?.take();
        return bytes ? [{ end: { connection, side }, bytes }] : [];
      }),
    );
  }

  #sockets(): TcpSocket[] {
    return [...this.#connections.values()].flatMap(({ from, to }) => (to ? [from, to] : [from]));
  }
}

/** What kept the connection from being opened; undefined for nothing. */
async function connected(socket: TcpSocket, to: TcpPlace, giveUpAt: number): Promise<string | undefined> {
  const result = socket.connect(to);
  if (result >= 0) return undefined;
  if (result !== -errnos.EINPROGRESS) return errnoText(-result);
  while (!socket.isReady("out")) {
    if (performance.now() > giveUpAt) return "no answer in time";
    await delay(pollMs);
  }
  const errno = socket.takeError();
  return errno === 0 ? undefined : errnoText(errno);
}

async function accepted(listener: TcpSocket, giveUpAt: number): Promise<TcpSocket | undefined> {
  for (;;) {
    const socket = listener.accept();
    if (socket || performance.now() > giveUpAt) return socket;
    await delay(pollMs);
  }
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
