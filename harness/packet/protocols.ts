import { nearest } from "../model/nearest.js";
import { arp } from "./layers/arp.js";
import { dns } from "./layers/dns.js";
import { eth } from "./layers/eth.js";
import { geneve } from "./layers/geneve.js";
import { gre } from "./layers/gre.js";
import { gue } from "./layers/gue.js";
import { icmp } from "./layers/icmp.js";
import { icmpv6 } from "./layers/icmpv6.js";
import { ah, esp } from "./layers/ipsec.js";
import { ipv4 } from "./layers/ipv4.js";
import { destinationOptions, fragment, hopByHop, routing } from "./layers/ipv6-extensions.js";
import { ipv6 } from "./layers/ipv6.js";
import { padding, payload } from "./layers/payload.js";
import { tcp } from "./layers/tcp.js";
import { udp } from "./layers/udp.js";
import { qinq, vlan } from "./layers/vlan.js";
import { vxlan } from "./layers/vxlan.js";
import type { FieldDef, Protocol } from "./protocol.js";

/** Every protocol, in the order in which documentation lists them. */
export const protocols: readonly Protocol[] = [
  eth,
  vlan,
  qinq,
  arp,
  ipv4,
  ipv6,
  hopByHop,
  routing,
  fragment,
  destinationOptions,
  ah,
  esp,
  tcp,
  udp,
  icmp,
  icmpv6,
  gre,
  vxlan,
  geneve,
  gue,
  dns,
  payload,
  padding,
];

const byName: ReadonlyMap<string, Protocol> = new Map(protocols.map((protocol) => [protocol.name, protocol]));

export const protocolNames: readonly string[] = protocols.map((protocol) => protocol.name);

export function findProtocol(name: string): Protocol | undefined {
  return byName.get(name);
}

/** The protocol, or `payload` for content that is none of ours. */
export function protocolOf(name: string): Protocol {
  return byName.get(name) ?? payload;
}

export function findField(protocol: Protocol, name: string): FieldDef | undefined {
  return protocol.fields.find((def) => def.name === name);
}

/** For messages: `did you mean 'ttl'?`, or the list to choose from. */
export function fieldHint(protocol: Protocol, name: string): string {
  const names = protocol.fields.map((def) => def.name);
  const close = nearest(name, names);
  return close ? `did you mean '${close}'?` : `${protocol.name} has ${names.join(", ")}`;
}

/** For messages: `did you mean 'ipv4'?`, or the list to choose from. */
export function protocolHint(name: string): string {
  const close = nearest(name, protocolNames);
  return close ? `did you mean '${close}'?` : `known are ${protocolNames.join(", ")}`;
}

export { padding, payload };
