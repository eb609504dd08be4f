import { formatPlace, type Host, type Neighbour, type Place, type Topology } from "../../model/topology.js";
import { parseMac } from "../../packet/address.js";
import { byteText } from "../byte-text.js";

/** Links and bridges: whom a frame reaches that leaves an interface. */
export class Joints {
  readonly #ends = new Map<string, readonly Place[]>();
  /** Of bridges: where each address is. Those of the topology are known from the start and stay where they are. */
  readonly #known = new Map<string, Place>();
  readonly #fixed: ReadonlySet<string>;
  readonly #bridged = new Set<string>();

  constructor(topology: Topology) {
    for (const { ends } of topology.links) for (const end of ends) this.#ends.set(formatPlace(end), ends);
    for (const { ports } of topology.bridges)
      for (const port of ports) {
        this.#ends.set(formatPlace(port), ports);
        this.#bridged.add(formatPlace(port));
        this.#known.set(this.#key(ports, parseMac(macAt(topology, port))), port);
      }
    this.#fixed = new Set(this.#known.keys());
  }

  /** The interfaces at which a frame arrives; a bridge floods what it does not know. */
  reached(from: Place, frame: Uint8Array): readonly Place[] {
    const ends = this.#ends.get(formatPlace(from)) ?? [];
    const others = ends.filter((end) => formatPlace(end) !== formatPlace(from));
    if (!this.#bridged.has(formatPlace(from))) return others;
    const source = this.#key(ends, frame.subarray(6, 12));
    if (!this.#fixed.has(source)) this.#known.set(source, from);
    const known = (frame[0]! & 1) === 0 ? this.#known.get(this.#key(ends, frame.subarray(0, 6))) : undefined;
    if (!known) return others;
    return formatPlace(known) === formatPlace(from) ? [] : [known];
  }

  #key(ends: readonly Place[], mac: Uint8Array): string {
    return `${formatPlace(ends[0]!)} ${byteText(mac)}`;
  }
}

function macAt(topology: Topology, { host, dev }: Place): string {
  return interfaceOf(topology, { host, dev })?.mac ?? "00:00:00:00:00:00";
}

function interfaceOf(topology: Topology, { host, dev }: Place): Host["interfaces"][number] | undefined {
  return topology.hosts.find(({ name }) => name === host)?.interfaces.find((own) => own.dev === dev);
}

/** A host with the neighbours that the topology itself tells, as a real network is set up: nobody has to ask. */
export function withNeighbours(topology: Topology, host: Host): Host {
  const segments = [...topology.links.map(({ ends }) => ends), ...topology.bridges.map(({ ports }) => ports)];
  const told = new Set(host.neighbours.map(({ dev, address }) => `${dev} ${address}`));
  const found = segments.flatMap((ends: readonly Place[]): Neighbour[] =>
    ends
      .filter((end) => end.host === host.name)
      .flatMap(({ dev }) =>
        ends
          .filter((end) => end.host !== host.name || end.dev !== dev)
          .flatMap((end) => {
            const { mac, addresses } = interfaceOf(topology, end) ?? { mac: "", addresses: [] };
            return addresses.map((address) => ({ address: address.replace(/\/.*/, ""), mac, dev }));
          }),
      ),
  );
  return { ...host, neighbours: [...host.neighbours, ...found.filter((n) => !told.has(`${n.dev} ${n.address}`))] };
}
