import { address, addressWithPrefix, destination, mac } from "./addresses.js";
import { type DecodedBy, list, listOrOne, located, orEmpty, refined } from "./decoder.js";
import { defaulted, object, optional, record, required } from "./object.js";
import { place } from "./places.js";
import { integer, text, word } from "./scalars.js";

const dev = word("the name of an interface");

const interfaceDecoder = orEmpty(
  object("an interface", {
    mac: optional(mac, "MAC address; absent: made from the host's and the interface's name", "02:00:00:00:00:01"),
    addresses: defaulted(
      listOrOne(addressWithPrefix),
      [],
      "addresses with prefix length; absent: none, and the host's stack stays silent",
      ["10.0.0.1/24", "fd00::1/64"],
    ),
    mtu: defaulted(
      integer(68, 65_535, "a size in bytes"),
      1500,
      "largest packet in bytes, without link-layer header; 1500 by default",
      9000,
    ),
  }),
);

const routeDecoder = object("a route", {
  to: required(destination, "where the route leads: `default`, a network or an address", "default"),
  via: optional(address, "address of the next hop", "10.0.0.254"),
  dev: optional(located(dev), "the interface by which it leaves", "eth0"),
});

const neighbourDecoder = object("a neighbour", {
  address: required(address, "IP address of the neighbour", "10.0.0.2"),
  mac: required(mac, "its MAC address", "02:00:00:00:00:02"),
  dev: optional(located(dev), "the interface behind which it is; needed where the host has several", "eth0"),
});

const hostDecoder = orEmpty(
  object("a host", {
    interfaces: defaulted(record("interfaces by name", interfaceDecoder, devProblem), [], "interfaces by name", {
      eth0: { addresses: ["10.0.0.1/24"] },
    }),
    routes: defaulted(list(located(routeDecoder)), [], "routes of the host", [{ to: "default", via: "10.0.0.254" }]),
    neighbours: defaulted(
      list(located(neighbourDecoder)),
      [],
      "neighbours whose MAC address the host knows without asking (static ARP and ND entries)",
      [{ address: "10.0.0.2", mac: "02:00:00:00:00:02" }],
    ),
    sysctls: defaulted(
      record("kernel settings by name", text("a setting's value"), sysctlProblem),
      [],
      "kernel settings below `net.`, in this host only",
      { "net.ipv4.ip_forward": 1 },
    ),
  }),
);

const linkDecoder = refined(
  list(located(place), "two interfaces, as [client:eth0, dut:eth0]"),
  ([first, second, ...more], node, report) => {
    if (first && second && more.length === 0) return [first, second] as const;
    return report(node.span, "a link has two ends", "for example: [client:eth0, dut:eth0]");
  },
);

/** The topology as it is written; `topology.ts` adds defaults and checks how it fits together. */
export const topologySyntax = object("the topology", {
  hosts: optional(
    record("hosts by name", hostDecoder, hostProblem),
    "hosts by name, each a network namespace; absent: client and dut with one interface each",
    { client: { interfaces: { eth0: {} } } },
  ),
  links: defaulted(list(linkDecoder), [], "pairs of interfaces joined by a cable (a veth pair)", [
    ["client:eth0", "dut:eth0"],
  ]),
  bridges: defaulted(
    record("bridges by name", list(located(place)), hostProblem),
    [],
    "switches by name, with the interfaces that are plugged into each",
    { lan: ["client:eth0", "lb:eth0"] },
  ),
  attach: optional(located(place), "the interface that the program is attached to; absent: dut:eth0", "dut:eth0"),
  from: optional(
    located(place),
    "the interface by which `send` puts packets on the wire; absent: client:eth0, for egress hooks the program's own",
    "client:eth0",
  ),
});

export type WrittenTopology = DecodedBy<typeof topologySyntax>;
export type WrittenHosts = NonNullable<WrittenTopology["hosts"]>;
export type WrittenHost = WrittenHosts[number]["decoded"];

/** dev_valid_name() in net/core/dev.c, narrowed to characters that need no quoting anywhere. */
function devProblem(name: string): string | undefined {
  if (name === "lo") return "'lo' is in every host already: leave it out";
  return nameProblem("an interface", name);
}

function hostProblem(name: string): string | undefined {
  return nameProblem("a host or bridge", name);
}

function nameProblem(what: string, name: string): string | undefined {
  if (name.length > 15) return `'${name}' is too long: the name of ${what} has at most 15 characters`;
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return undefined;
  return `'${name}' cannot be the name of ${what}: letters, digits, '.', '_' and '-' only`;
}

function sysctlProblem(name: string): string | undefined {
  if (!name.startsWith("net."))
    return `'${name}' is the whole machine's setting: only those below 'net.' belong to a host`;
  return /^net(\.[\w/-]+)+$/.test(name) && !name.includes("//")
    ? undefined
    : `'${name}' is not the name of a kernel setting`;
}
