import type { Observation, TcpObservation } from "../model/observation.js";
import type { PlannedTcp, TcpEnd, TcpPlace } from "../model/plan.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { ProgramFault } from "./fault.js";
import type { Place, SocketNetwork } from "./sockets/network.js";
import type { Endpoint, Socket } from "./sockets/socket.js";

interface Connection {
  readonly from: Socket;
  readonly to: Socket;
}

/** The connections that the steps of a plan have opened, in a simulated network of sockets. */
export class TcpRunner {
  readonly #network: SocketNetwork;
  readonly #connections = new Map<string, Connection>();

  constructor(network: SocketNetwork) {
    this.#network = network;
  }

  /** The socket that a step means. */
  socketOf({ connection, side }: TcpEnd): Socket | undefined {
    return this.#connections.get(connection)?.[side];
  }

  run(step: PlannedTcp): Observation[] {
    try {
      const error = this.#do(step);
      return [{ kind: "tcp", step: step.index, error, received: this.#received() }];
    } catch (error) {
      if (!(error instanceof ProgramFault)) throw error;
      return [{ kind: "fault", step: step.index, packet: undefined, message: error.message }];
    }
  }

  /** What went wrong. */
  #do({ connection: name, open, send, reply, close, fails }: PlannedTcp): string | undefined {
    if (open && fails) return this.#network.listenerAt(endpointOf(open.to)) ? undefined : "connection refused";
    if (open) this.#connections.set(name, this.#open(placeOf(open.from), placeOf(open.to)));
    const connection = this.#connections.get(name);
    if (!connection) return "it is not open";
    for (const bytes of send) this.#send(connection.from, bytes);
    for (const bytes of reply) this.#send(connection.to, bytes);
    for (const side of close) this.#network.close(connection[side]);
    return undefined;
  }

  /** As an application does: what was not taken is sent again, what is refused is not. */
  #send(socket: Socket, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const count = this.#network.send(socket, bytes.subarray(from));
      if (count <= 0) return;
      from += count;
    }
  }

  #open(from: Place, to: Place): Connection {
    const listener = this.#network.listenerAt(to.endpoint) ?? this.#network.listen(to);
    const { client, server } = this.#network.connect(from, listener, to.endpoint);
    return { from: client, to: server };
  }

  #received(): TcpObservation["received"] {
    return [...this.#connections].flatMap(([connection, sockets]) =>
      (["from", "to"] as const).map((side) => ({ end: { connection, side }, bytes: sockets[side].taken() })),
    );
  }
}

function placeOf(place: TcpPlace): Place {
  return { host: place.host, endpoint: endpointOf(place) };
}

function endpointOf({ address, port }: TcpPlace): Endpoint {
  return { address: address.includes(":") ? parseIpv6(address) : parseIpv4(address), port };
}
