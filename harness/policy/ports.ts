import { type Decoder, type Invalid, list, refined } from "../scenario/decoder.js";
import { object, optional, required } from "../scenario/object.js";
import { integer, oneOf, word } from "../scenario/scalars.js";
import type { PortRange } from "./rule.js";

/** IANA's numbers of the protocols that policies can name. */
export const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132, ICMP: 1, ICMPv6: 58 } as const;

const transports = { TCP: "TCP", UDP: "UDP", SCTP: "SCTP" } as const;
const cilium = { ...transports, ANY: "TCP, UDP and SCTP" } as const;

/** What `ports` lists in a NetworkPolicy. */
export const kubernetesPort: Decoder<readonly PortRange[]> = refined(
  object("a port", {
    protocol: optional(oneOf("a protocol", transports), "TCP unless given", "UDP"),
    port: optional(numberedPort(1), "the port; absent: all of them", 80),
    endPort: optional(integer(1, 65_535, "a port"), "the last of a range that starts with `port`", 90),
  }),
  ({ protocol = "TCP", port, endPort }, node, report) => {
    if (endPort !== undefined && port === undefined) return report(node.span, "'endPort' needs a 'port' before it");
    if (endPort !== undefined && endPort < port!) return report(node.span, `the range ends before it starts`);
    return [{ protocol: protocolNumbers[protocol], from: port ?? 0, to: endPort ?? port ?? 65_535 }];
  },
);

/** What `toPorts` lists in a CiliumNetworkPolicy; there, port 0 stands for all. */
export const ciliumPort: Decoder<readonly PortRange[]> = refined(
  object("a port", {
    port: required(numberedPort(0), "the port; 0: all of them", "80"),
    endPort: optional(integer(1, 65_535, "a port"), "the last of a range that starts with `port`", 90),
    protocol: optional(oneOf("a protocol", cilium), "ANY unless given", "TCP"),
  }),
  ({ port, endPort, protocol = "ANY" }, node, report) => {
    if (endPort !== undefined && endPort < port) return report(node.span, `the range ends before it starts`);
    const range = port === 0 ? { from: 0, to: 65_535 } : { from: port, to: endPort ?? port };
    const numbers = protocol === "ANY" ? Object.values(transportNumbers) : [protocolNumbers[protocol]];
    return numbers.map((number) => ({ protocol: number, ...range }));
  },
);

const { TCP, UDP, SCTP } = protocolNumbers;
const transportNumbers = { TCP, UDP, SCTP };

const icmpNames: Readonly<Record<string, number>> = { EchoReply: 0, DestinationUnreachable: 3, EchoRequest: 8 };

const icmpField = refined(
  object("a field", {
    family: optional(oneOf("a family", { IPv4: "ICMP", IPv6: "ICMPv6" }), "IPv4 unless given", "IPv6"),
    type: required(word("a message type"), "the message type, by number", 8),
  }),
  ({ family, type }, node, report): PortRange | Invalid => {
    const number = /^\d{1,3}$/.test(type) ? Number(type) : family === "IPv6" ? undefined : icmpNames[type];
    if (number === undefined || number > 255)
      return report(node.span, `'${type}' is not a message type`, "write its number");
    return { protocol: protocolNumbers[family === "IPv6" ? "ICMPv6" : "ICMP"], from: number, to: number };
  },
);

/** `icmps` of a CiliumNetworkPolicy: message types, in place of ports. */
export const icmpTypes: Decoder<readonly PortRange[]> = refined(
  list(object("an ICMP rule", { fields: required(list(icmpField), "message types") })),
  (rules) => rules.flatMap(({ fields }) => fields),
);

/** Ports by name would need the containers' own lists of ports. */
function numberedPort(min: number): Decoder<number> {
  return refined(word("a port"), (value, node, report) => {
    if (!/^\d+$/.test(value))
      return report(node.span, `ports by name ('${value}') are not supported`, "write the port's number");
    const port = Number(value);
    return port >= min && port <= 65_535 ? port : report(node.span, `${value} is not a port`);
  });
}
