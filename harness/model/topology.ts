/** One end of a link, written `host:dev`. */
export interface Place {
  readonly host: string;
  readonly dev: string;
}

export function formatPlace(place: Place): string {
  return `${place.host}:${place.dev}`;
}

/** Hosts (network namespaces) and how they are joined: a description, no effects. */
export interface Topology {
  readonly hosts: readonly Host[];
  /** veth pairs, end to end. */
  readonly links: readonly Link[];
  /** Learning bridges, each in a namespace of its own, with one veth pair per port. */
  readonly bridges: readonly Bridge[];
  /** Where the program under test is attached. */
  readonly attach: Place;
  /** Where `send` puts its frames unless a step says otherwise. */
  readonly from: Place;
}

export interface Host {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  /** `net.ipv4.ip_forward` → `1`; only names below `net.` and only in the namespace. */
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface Interface {
  readonly dev: string;
  /** `02:00:00:00:00:01`; generated from host and device name where absent in the scenario. */
  readonly mac: string;
  /** With prefix length: `10.0.0.1/24`, `fd00::1/64`. */
  readonly addresses: readonly string[];
  readonly mtuBytes: number;
}

export interface Link {
  readonly ends: readonly [Place, Place];
}

export interface Bridge {
  readonly name: string;
  readonly ports: readonly Place[];
}

export interface Route {
  /** `default` or a prefix. */
  readonly to: string;
  readonly via?: string;
  readonly dev?: string;
}

export interface Neighbour {
  readonly address: string;
  readonly mac: string;
  readonly dev: string;
}
